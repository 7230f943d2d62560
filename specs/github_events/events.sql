-- Public events: who did what in which repository, and the commits that were pushed.
create type event_kind as enum ('push', 'watch', 'create', 'fork', 'issue_comment', 'wiki', 'issue');
create table actors (
  id    bigint primary key,
  login varchar(39) not null unique
);
create table organisations (
  id    bigint primary key,
  login varchar(39) not null unique
);
create table repositories (
  id   bigint primary key,
  name text not null unique check (name like '%/%')
);
create table events (
  id         bigint primary key,
  kind       event_kind not null,
  actor_id   bigint not null references actors (id),
  repo_id    bigint not null references repositories (id),
  org_id     bigint references organisations (id),
  created_at timestamptz not null
);
create table commits (
  sha      char(40) not null,
  event_id bigint not null references events (id),
  author   text not null,
  message  text not null,
  distinct_commit boolean not null,
  primary key (event_id, sha)
);
create table wiki_pages (
  event_id bigint not null references events (id),
  page     text not null,
  action   text not null,
  primary key (event_id, page)
);
