-- A session in Neovim with its built-in client: a diagnostic, completion, a fix applied, a rename.
-- Run by neovim_test.py with MIG and SPEC in the environment.
local function check(condition, what)
  if condition then return end
  io.stderr:write('FAILED: ' .. what .. '\n')
  vim.cmd('cquit 1')
end

local function wait(what, condition)
  check(vim.wait(20000, condition, 20), what)
end

vim.cmd('edit ' .. os.getenv('SPEC'))
local buffer = vim.api.nvim_get_current_buf()
local client_id = vim.lsp.start_client({
  name = 'mig', cmd = { os.getenv('MIG'), 'lsp' }, root_dir = vim.fn.fnamemodify(os.getenv('SPEC'), ':h'),
})
vim.lsp.buf_attach_client(buffer, client_id)
wait('the server answers', function() return vim.lsp.get_client_by_id(client_id) and vim.lsp.get_client_by_id(client_id).initialized end)

local function lines() return vim.api.nvim_buf_get_lines(buffer, 0, -1, false) end
local function find(text)
  for n, line in ipairs(lines()) do
    local at = line:find(text, 1, true)
    if at then return n, at - 1 end
  end
  check(false, 'the text has ' .. text)
end
local function replace(old, new)
  local n, at = find(old)
  vim.api.nvim_buf_set_text(buffer, n - 1, at, n - 1, at + #old, { new })
end
local function ask(method, params)
  local answers = vim.lsp.buf_request_sync(buffer, method, params, 20000)
  check(answers and answers[client_id] and not answers[client_id].err, method)
  return answers[client_id].result
end

-- a diagnostic
replace('= t.title', '= t.tittle')
wait('a diagnostic', function() return #vim.diagnostic.get(buffer) == 1 end)
local found = vim.diagnostic.get(buffer)[1]
check(found.message:find('no column `tittle`', 1, true), found.message)
local n, at = find('tittle')
check(found.lnum == n - 1 and found.col == at, 'its place')

-- its fix
vim.api.nvim_win_set_cursor(0, { n, at })
local params = vim.lsp.util.make_range_params()
params.context = { diagnostics = {} }
local action = ask('textDocument/codeAction', params)[1]
vim.lsp.util.apply_workspace_edit(action.edit, 'utf-16')
check(find('= t.title'), 'the fix')
wait('no diagnostic', function() return #vim.diagnostic.get(buffer) == 0 end)

-- completion
n = find('  title      = t.title')
vim.api.nvim_buf_set_lines(buffer, n - 1, n - 1, false, { '  due_on = t.' })
vim.api.nvim_win_set_cursor(0, { n, 12 })
params = vim.lsp.util.make_position_params()
params.position.character = 13
local labels = {}
for _, item in ipairs(ask('textDocument/completion', params).items) do labels[item.label] = item.detail or '' end
check(labels.title == 'text' and labels.phone == 'text? pii', 'columns')
vim.api.nvim_buf_set_lines(buffer, n - 1, n, false, {})

-- rename
n, at = find('from t in sheets.tasks')
vim.api.nvim_win_set_cursor(0, { n, at + 5 })
vim.lsp.buf.rename('task')
wait('the rename', function() return table.concat(lines(), '\n'):find('no state {task.state}', 1, true) end)
wait('no diagnostic after it', function() return #vim.diagnostic.get(buffer) == 0 end)
check(not table.concat(lines(), '\n'):find(' t%.'), 'all uses')

-- the end
vim.lsp.stop_client(client_id)
wait('the server ends', function() return vim.lsp.client_is_stopped(client_id) end)
io.stdout:write('diagnostic, fix, completion, rename: fine\n')
vim.cmd('qall!')
