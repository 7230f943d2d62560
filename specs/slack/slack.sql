-- A workspace's history: people and bots, channels, messages with what hangs on them.
create type message_kind as enum ('message', 'bot_message', 'joined', 'bot_added', 'file_shared', 'file_commented');
create table people (
  id         text primary key check (id ~ '^U[A-Z0-9]{8}$'),
  login      text not null unique,
  full_name  text not null,
  zone       text not null,
  is_owner   boolean not null,
  updated_at timestamptz not null
);
create table bots (
  id text primary key check (id ~ '^B[A-Z0-9]{8}$')
);
create table channels (
  id         text primary key check (id ~ '^C[A-Z0-9]{8}$'),
  name       varchar(80) not null unique,
  created_at timestamptz not null,
  creator_id text not null references people (id),
  archived   boolean not null
);
create table channel_members (
  channel_id text not null references channels (id),
  person_id  text not null references people (id),
  primary key (channel_id, person_id)
);
create table messages (
  id         uuid primary key,
  channel_id text not null references channels (id),
  sent_at    timestamptz not null,
  kind       message_kind not null,
  person_id  text references people (id),
  bot_id     text references bots (id),
  body       text not null,
  edited_at  timestamptz check (edited_at >= sent_at),
  unique (channel_id, sent_at),
  check (person_id is not null or bot_id is not null)
);
create table attachments (
  message_id uuid not null references messages (id),
  position   smallint not null check (position > 0),
  fallback   text not null,
  title      text,
  body       text,
  color      char(6),
  primary key (message_id, position)
);
create table reactions (
  message_id uuid not null references messages (id),
  emoji      text not null,
  person_id  text not null references people (id),
  primary key (message_id, emoji, person_id)
);
create table files (
  id         text primary key,
  message_id uuid not null references messages (id),
  name       text not null,
  mime_type  text not null,
  bytes      bigint not null,
  owner_id   text not null references people (id)
);
