"use strict";
// What was here is elsewhere: go on, to the same place within the page, and leave no step back.
location.replace(document.querySelector("a.moved").href + location.hash);
