// Loaded before the Playground, which would listen on every interface: whoever can reach it can act as anybody.
"use strict";

const net = require("node:net");

const { listen } = net.Server.prototype;

net.Server.prototype.listen = function listenOnLoopback(port, ...rest) {
  const named = typeof port === "number" && typeof rest[0] !== "string";
  return named ? listen.call(this, port, "127.0.0.1", ...rest) : listen.call(this, port, ...rest);
};
