"""A small project for the tests to work on: a spec, its DDL, a module."""
import os

DDL = """create type task_status as enum ('todo', 'doing', 'done');
create table projects (
  id   uuid primary key,
  code varchar(20) not null unique,
  name text not null
);
create table tasks (
  id         uuid primary key,
  project_id uuid not null references projects (id),
  title      varchar(120) not null,
  status     task_status not null default 'todo',
  due_on     date,
  phone      text
);
create index tasks_project on tasks (project_id);
"""

MODULE = """-- The one spelling of a code.
fn code_key(x text) text = lower(trim(x))
"""

SPEC = """-- 🚚 moves tasks
migration moving version 1

use lib.codes

param cutover timestamptz

source sheets : xlsx 'tasks.xlsx' {
  sheet projects 'Projects' {
    code  text  from 'Code'
    name  text
  }
  sheet tasks 'Tasks' {
    title   text
    project text   from 'Project'
    state   text
    due     text?
    phone   text?  pii
  }
}

target db : postgres env 'DB_URL' schema 'schema.sql'

pii db.tasks (phone)

codes state : text -> db.task_status {
  'open', 'to do' => todo
  'busy'          => doing
}

-- Projects first.
map projects
  from p in sheets.projects
  into db.projects
  key code_key(p.code)
{
  id   = uuid5('project', code_key(p.code))
  code = p.code
  name = trim(p.name)
}

map tasks
  from t in sheets.tasks
  into db.tasks
{
  let project = projects[code_key(t.project)]
  id         = uuid5('task', t.title)
  project_id = project.id
  title      = t.title
  status     = state[lower(t.state)]  on missing reject "no state {t.state}"
  due_on     = date(t.due, 'DD/MM/YYYY')
  phone      = t.phone
}

check enough sql \"\"\"select count(*) from tasks where 'x' <> text($cutover)\"\"\" > 0

test 'a task is done' {
  param cutover = timestamptz '2025-01-01 00:00 UTC'
  given sheets.projects { code: 'A', name: 'Alpha' }
  given sheets.tasks { title: 'T', project: 'a', state: 'BUSY' }
  expect tasks { status: 'doing' }
  expect 1 projects
}
"""


def write_project(folder):
    os.makedirs(os.path.join(folder, "lib"), exist_ok=True)
    for name, text in (("schema.sql", DDL), ("lib/codes.mig", MODULE), ("moving.mig", SPEC)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    return os.path.join(folder, "moving.mig")
