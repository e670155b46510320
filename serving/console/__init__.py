"""The console: server-rendered pages where a person reads, wonders and decides. Works without a line of JavaScript."""
