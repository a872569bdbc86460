/** The buttons Play and Step, which let the window slide over the input. */

const PACE = 350; // milliseconds from one output to the next

export class Player {
  /** `on` has `begin()`, and `step()`, which says whether another step follows. */
  constructor(root, on) {
    this.root = root;
    this.on = on;
    this.button = root.querySelector(".play");
    this.timer = null;
    this.button.addEventListener("click", () => (this.isPlaying ? this.pause() : this.play()));
    root.querySelector(".step").addEventListener("click", () => {
      this.pause();
      on.step();
    });
  }

  get isPlaying() {
    return this.timer !== null;
  }

  play() {
    this.timer = setInterval(() => {
      if (!this.on.step()) this.pause();
    }, PACE);
    this.write();
    this.on.begin();
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.write();
  }

  write() {
    this.button.textContent = this.isPlaying ? "Pause" : "Play";
    this.root.classList.toggle("playing", this.isPlaying);
  }
}
