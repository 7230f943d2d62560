-- Build jobs and the state of each, as a colour once.
create type job_result as enum ('passed', 'failed', 'unstable', 'aborted', 'never_built', 'disabled');
create table views (
  name text primary key,
  url  text not null unique
);
create table jobs (
  name    text primary key,
  url     text not null unique check (url like 'https://%'),
  project text not null,
  result  job_result not null,
  running boolean not null
);
create table results (
  result  job_result primary key,
  jobs    int not null,
  running int not null
);
