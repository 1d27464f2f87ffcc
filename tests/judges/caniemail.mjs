// Reads [{name, html}] as JSON and writes [{name, features: {feature: [mail program]}}]: what these do not support.
import { readFileSync } from 'node:fs';
import { caniemail } from 'caniemail';

const clients = ['gmail.*', 'outlook.*', 'apple-mail.*', 'yahoo.*'];

function unsupported(html) {
  const features = {};
  for (const [client, issues] of caniemail({ clients, html }).issues.errors) {
    for (const title of new Set(issues.map((issue) => issue.title))) (features[title] ??= []).push(client);
  }
  return features;
}

const mails = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(mails.map(({ name, html }) => ({ name, features: unsupported(html) }))));
