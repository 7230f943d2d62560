// Starts `mig lsp` and connects it. The command mig.runTest above tests is the server's own.
'use strict';

const vscode = require('vscode');
const { LanguageClient } = require('vscode-languageclient/node');

let client;

async function start() {
  const command = vscode.workspace.getConfiguration('mig').get('path') || 'mig';
  const run = { command, args: ['lsp'] };
  client = new LanguageClient('mig', 'mig', { run, debug: run }, {
    documentSelector: [{ language: 'mig' }, { language: 'sql', scheme: 'file' }],
  });
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    vscode.window.showErrorMessage(`mig: \`${command} lsp\` could not be started (${error.message}). ` +
      'Set `mig.path` to the mig program.');
  }
}

async function stop() {
  const stopping = client;
  client = undefined;
  if (stopping) await stopping.stop();
}

async function activate(context) {
  const restart = async () => {
    await stop();
    await start();
  };
  context.subscriptions.push(
    vscode.commands.registerCommand('mig.restart', restart),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('mig.path')) restart();
    }));
  await start();
}

module.exports = { activate, deactivate: stop };
