-- A database as it was before Alembic, with a conversation, feedback and a declined question.
CREATE TABLE conversations (
	id VARCHAR(32) NOT NULL,
	title TEXT NOT NULL,
	folded TEXT NOT NULL,
	created_at VARCHAR(32) NOT NULL,
	updated_at VARCHAR(32) NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "conversations" VALUES('b3a8688db2754042a309b3e12a998ed7','Über Fargate','über fargate','2026-11-24T18:13:24.263929Z','2026-11-24T18:13:24.315401Z');
CREATE TABLE declined (
	id VARCHAR(32) NOT NULL,
	"key" TEXT NOT NULL,
	question TEXT NOT NULL,
	times INTEGER NOT NULL,
	first_asked_at VARCHAR(32) NOT NULL,
	last_asked_at VARCHAR(32) NOT NULL,
	related TEXT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE ("key")
);
INSERT INTO "declined" VALUES('269ba5ef5c73491d8eec29162e1102b8','what is tea?','What is tea?',2,'2026-11-24T18:13:24.322492Z','2026-11-24T18:13:24.329951Z','[]');
CREATE TABLE footnote_version (
	number INTEGER NOT NULL
);
INSERT INTO "footnote_version" VALUES(1);
CREATE TABLE turns (
	number INTEGER NOT NULL,
	id VARCHAR(32) NOT NULL,
	conversation_id VARCHAR(32) NOT NULL,
	question TEXT NOT NULL,
	text TEXT NOT NULL,
	folded TEXT NOT NULL,
	asked_at VARCHAR(32) NOT NULL,
	answer TEXT NOT NULL,
	PRIMARY KEY (number),
	UNIQUE (id),
	FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE
);
INSERT INTO "turns" VALUES(1,'761886c230d54057992b9e9dface49d9','b3a8688db2754042a309b3e12a998ed7','What is Fargate?','Fargate runs containers. [1]','what is fargate?
fargate runs containers. [1]','2026-11-24T18:13:24.315401Z','{"text":"Fargate runs containers. [1]","abstained":false,"confidence":0.9,"mode":"extractive","standalone_question":"What is Fargate?","index_revision":"1","citations":[{"number":1,"note":"aws/ecs.md","heading_path":["ECS"],"line_start":3,"line_end":4,"char_start":10,"char_end":20,"quote":"Fargate runs\ncontainers.","note_sha256":"0000000000000000000000000000000000000000000000000000000000000000"}],"related":[],"degraded":[],"timings_ms":{},"passages":[],"id":"761886c230d54057992b9e9dface49d9","conversation_id":"b3a8688db2754042a309b3e12a998ed7"}');
CREATE TABLE feedback (
	turn_id VARCHAR(32) NOT NULL,
	helpful BOOLEAN NOT NULL,
	comment TEXT NOT NULL,
	given_at VARCHAR(32) NOT NULL,
	PRIMARY KEY (turn_id),
	FOREIGN KEY(turn_id) REFERENCES turns (id) ON DELETE CASCADE
);
INSERT INTO "feedback" VALUES('761886c230d54057992b9e9dface49d9',1,'short','2026-11-24T18:13:24.321360Z');
CREATE INDEX ix_conversations_updated_at ON conversations (updated_at);
CREATE INDEX ix_declined_last_asked_at ON declined (last_asked_at);
CREATE INDEX ix_turns_conversation_id ON turns (conversation_id);
CREATE INDEX ix_feedback_given_at ON feedback (given_at);
