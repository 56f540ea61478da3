"use strict";
// Pages work without this file; it adds copying, countdowns and buttons that are pressed once.
