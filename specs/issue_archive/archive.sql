-- A working group's issue archive: people, labels, issues and pull requests, comments in their threads.
create type item_state as enum ('open', 'closed', 'merged');
create table people (
  id    uuid primary key,
  login text not null unique
);
create table labels (
  id          uuid primary key,
  archive     text not null,
  name        text not null,
  description text,
  color       char(6) not null check (color ~ '^[0-9a-f]{6}$'),
  unique (archive, name)
);
create table items (
  id         uuid primary key,
  archive    text not null,
  number     int not null,
  is_pull    boolean not null,
  title      varchar(300) not null,
  state      item_state not null,
  author_id  uuid not null references people (id),
  body       text,
  created_at timestamptz not null,
  closed_at  timestamptz check (closed_at >= created_at),
  comments   int not null,
  unique (archive, number)
);
create table item_labels (
  item_id  uuid not null references items (id),
  label_id uuid not null references labels (id),
  primary key (item_id, label_id)
);
create table comments (
  id         uuid primary key,
  item_id    uuid not null references items (id),
  author_id  uuid not null references people (id),
  is_member  boolean not null,
  body       text not null,
  created_at timestamptz not null
);
