-- What a code host told by webhooks: each document tells of an event, and of the state of things at that time.
create type item_state as enum ('open', 'closed');
create table users (
  id    bigint primary key,
  login varchar(39) not null unique,
  kind  text not null
);
create table repositories (
  id         bigint primary key,
  full_name  text not null unique,
  owner_id   bigint not null references users (id),
  private    boolean not null,
  created_at timestamptz not null
);
create table milestones (
  id         bigint primary key,
  repository bigint not null references repositories (id),
  number     int not null,
  title      text not null,
  state      item_state not null,
  creator_id bigint not null references users (id),
  due_on     timestamptz,
  unique (repository, number)
);
create table labels (
  id          bigint primary key,
  repository  bigint not null references repositories (id),
  name        text not null,
  color       char(6) not null check (color ~ '^[0-9a-f]{6}$'),
  description text,
  unique (repository, name)
);
create table issues (
  id           bigint primary key,
  repository   bigint not null references repositories (id),
  number       int not null,
  title        text not null,
  body         text,
  state        item_state not null,
  author_id    bigint not null references users (id),
  milestone_id bigint references milestones (id),
  created_at   timestamptz not null,
  closed_at    timestamptz,
  unique (repository, number)
);
create table issue_labels (
  issue_id bigint not null references issues (id),
  label_id bigint not null references labels (id),
  primary key (issue_id, label_id)
);
create table comments (
  id         bigint primary key,
  issue_id   bigint not null references issues (id),
  author_id  bigint not null references users (id),
  body       text not null,
  created_at timestamptz not null
);
create table pull_requests (
  id         bigint primary key,
  repository bigint not null references repositories (id),
  number     int not null,
  title      text not null,
  state      item_state not null,
  author_id  bigint not null references users (id),
  head_sha   char(40) not null,
  base_sha   char(40) not null,
  created_at timestamptz not null,
  unique (repository, number)
);
create table deliveries (
  file      text primary key,
  event     text not null,
  action    text not null,
  sender_id bigint not null references users (id),
  payload   jsonb not null
);
