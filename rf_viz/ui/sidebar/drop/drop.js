/** Hands files that are dropped anywhere on the page to the page's hidden uploader. */

import { mount } from "../../browser/mount.js";

class Drop {
  constructor() {
    this.controller = new AbortController();
    const { signal } = this.controller;
    const hear = (name, hear) => document.addEventListener(name, hear, { signal });
    const app = () => document.querySelector(".stApp");
    const ours = (event) =>
      event.dataTransfer?.types.includes("Files") &&
      !event.target.closest?.("[data-testid=stFileUploaderDropzone]");
    hear("dragover", (event) => {
      app().classList.toggle("rf-dropping", ours(event));
      if (ours(event)) event.preventDefault();
    });
    hear("dragleave", (event) => {
      if (!event.relatedTarget) app().classList.remove("rf-dropping");
    });
    hear("drop", (event) => {
      app().classList.remove("rf-dropping");
      if (!ours(event)) return;
      event.preventDefault();
      const input = document.querySelector(".st-key-drop input[type=file]");
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  remove() {
    this.controller.abort();
  }
}

export default mount(Drop, () => {});
