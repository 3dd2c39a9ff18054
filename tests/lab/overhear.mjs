/** Loaded into a check before anything else (`node --import`): writes down every message of its websockets, in base64. */
import { appendFileSync } from 'node:fs';
import { WebSocket } from 'ws';

const { emit, send } = WebSocket.prototype;
/** @param {Buffer | string} data */
const keep = (data) => appendFileSync(process.env.OVERHEARD ?? '', `${Buffer.from(data).toString('base64')}\n`);

WebSocket.prototype.emit = function (name, ...rest) {
  if (name === 'message') keep(rest[0]);
  return emit.call(this, name, ...rest);
};
WebSocket.prototype.send = function (data, ...rest) {
  keep(data);
  return send.call(this, data, ...rest);
};
