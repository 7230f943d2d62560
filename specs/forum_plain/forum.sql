-- A discussion forum, three DynamoDB tables once.
create table forums (
  name     text primary key,
  category text not null,
  views    int not null
);
create table threads (
  id             uuid primary key,
  forum          text not null references forums (name),
  subject        text not null,
  message        text not null,
  last_posted_by text not null,
  last_posted_at timestamptz not null,
  answered       boolean not null,
  unique (forum, subject)
);
create table thread_tags (
  thread_id uuid not null references threads (id),
  tag       text not null,
  primary key (thread_id, tag)
);
create table replies (
  id        uuid primary key,
  thread_id uuid not null references threads (id),
  posted_at timestamptz not null,
  posted_by text not null,
  message   text not null,
  unique (thread_id, posted_at)
);
