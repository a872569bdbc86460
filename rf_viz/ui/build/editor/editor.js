/**
 * The editor: a network's layers as a table, with what each of them comes to.
 *
 * Every edit is numbered and reported as the trigger `edits`, along with those before it that the
 * server is not known to have heard; `heard` tells of these. A report that gets no answer is sent
 * again, since it may have been lost. Cells are changed in place, so that what a person is typing
 * stays.
 */

import { mount } from "../../browser/mount.js";

const SETTINGS = ["channels", "kernel", "stride", "padding", "dilation", "groups"];
const MOST_PADDING = 32; // that is on offer as a number
const PATIENCE = 2000; // milliseconds until a report is sent again; every further time twice as long

class Editor {
  constructor(root) {
    this.root = root;
    this.sheet = root.querySelector(".sheet");
    this.body = root.querySelector(".rows");
    this.add = root.querySelector(".add");
    this.tools = [...root.querySelectorAll("[data-tool]")];
    this.turn = 0;
    this.waiting = [];
    this.rows = [];
    this.listen = (event) => this.history(event);
    this.add.addEventListener("change", () => {
      this.tell({ what: "insert", row: this.data.chosen, kind: this.add.value });
      this.add.value = "";
    });
    for (const button of this.tools) {
      button.addEventListener("click", () => this.use(button.dataset.tool));
    }
    this.sheet.addEventListener("focusin", (event) => this.choose(event.target));
    this.sheet.addEventListener("click", (event) => this.choose(event.target));
    this.sheet.addEventListener("change", (event) => this.change(event.target));
    root.querySelector(".editor").addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("keydown", this.listen);
  }

  remove() {
    clearTimeout(this.again);
    document.removeEventListener("keydown", this.listen);
  }

  show(data) {
    const first = !this.data;
    const moved = this.data?.chosen !== data.chosen;
    this.data = data;
    this.turn = Math.max(this.turn, data.heard);
    for (const edit of this.waiting) edit.heard = edit.turn <= data.heard;
    this.waiting = this.waiting.filter((edit) => !edit.heard);
    this.sheet.ariaBusy = String(this.waiting.length > 0);
    if (this.waiting.length === 0) clearTimeout(this.again);
    this.kinds = new Map(data.kinds.map((kind) => [kind.name, kind]));
    if (first) this.offer();
    this.showInput();
    while (this.rows.length > data.rows.length) this.rows.pop().remove();
    data.rows.forEach((row, i) => {
      if (!this.rows[i]) {
        this.rows[i] = new Row(this.kinds, this.options(this.kinds.keys()));
        this.body.append(...this.rows[i].nodes);
      }
      this.rows[i].show(row, data);
    });
    this.mark(data.chosen);
    if (moved || first) this.reveal();
    this.enable();
  }

  /** Fills the menu of layers to add. */
  offer() {
    this.add.append(new Option("+ Add a layer", ""));
    const families = new Map();
    for (const { name, family } of this.data.kinds) {
      families.set(family, [...(families.get(family) ?? []), name]);
    }
    families.get("convolution").push(...this.data.variants);
    for (const [family, names] of families) {
      const group = document.createElement("optgroup");
      group.label = family;
      group.append(...this.options(names));
      this.add.append(group);
    }
  }

  options(names) {
    return [...names].map((name) => {
      const option = new Option(name, name);
      option.title = this.kinds.get(name)?.about ?? "";
      return option;
    });
  }

  /** The first row: what goes into the network. */
  showInput() {
    const { input, problem, typed } = this.data;
    const signal = input.length === 2;
    const body = this.root.querySelector(".input");
    if (this.signal !== signal) {
      this.signal = signal;
      const axes = select(
        [
          ["image", "image"],
          ["signal", "signal"],
        ],
        "axes",
        "What goes in",
      );
      const sides = signal
        ? [["height", "length"]]
        : [
            ["height", "height"],
            ["width", "width"],
          ];
      const row = tr();
      const told = td("told first shape");
      const cell = td("sides");
      cell.colSpan = 6;
      for (const [name, label] of sides) {
        const line = document.createElement("label");
        line.append(`${label} `, field(name, `Input ${label}`));
        cell.append(line);
      }
      const channels = td();
      channels.append(field("channels", "Input channels"));
      const kind = td("kind");
      kind.append(axes);
      const rest = ["told", "told", "told", "told"].map(td);
      row.append(number("0"), kind, channels, cell, told, ...rest);
      const message = tr("problem");
      this.inputProblem = said(message);
      row.dataset.row = message.dataset.row = 0;
      body.replaceChildren(row, message);
    }
    set(body.querySelector("[name=axes]"), signal ? "signal" : "image");
    for (const [i, name] of ["channels", "height", "width"].entries()) {
      const box = body.querySelector(`[name=${name}]`);
      if (box) set(box, String(input[i]), typed[name]);
    }
    body.querySelector(".shape").textContent = input.join(" × ");
    body.lastChild.hidden = !problem;
    this.inputProblem.textContent = problem;
  }

  mark(chosen) {
    for (const [i, row] of this.rows.entries()) row.choose(i + 1 === chosen);
  }

  /** Scrolls the chosen row into the sheet, and nothing but the sheet. */
  reveal() {
    const node = this.rows[this.data.chosen - 1]?.nodes[0];
    if (!node) return;
    const head = this.sheet.querySelector("thead").offsetHeight;
    const [top, bottom] = [node.offsetTop - head, node.offsetTop + node.offsetHeight];
    const { scrollTop, clientHeight } = this.sheet;
    if (top < scrollTop) this.sheet.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.sheet.scrollTop = bottom - clientHeight;
  }

  enable() {
    const { chosen, rows, undo, redo } = this.data;
    const able = {
      up: chosen > 1,
      down: chosen < rows.length,
      copy: rows.length > 0,
      remove: rows.length > 0,
      undo,
      redo,
    };
    for (const button of this.tools) button.disabled = !able[button.dataset.tool];
  }

  /** Reports an edit, and with it the box that was edited, if it was one. */
  tell(edit, box = {}) {
    this.turn += 1;
    box.edit = { ...edit, turn: this.turn };
    this.waiting.push(box.edit);
    this.sheet.ariaBusy = "true";
    this.send(PATIENCE);
  }

  /** Reports the edits that wait, now and again for as long as they wait. */
  send(patience) {
    this.report(this.waiting);
    clearTimeout(this.again);
    this.again = setTimeout(() => this.send(2 * patience), patience);
  }

  /** One of the tools, on the chosen row. Until it is heard the rows have other numbers. */
  use(tool) {
    const row = this.data.chosen;
    if (this.tools.find((button) => button.dataset.tool === tool).disabled) return;
    if (tool === "up" || tool === "down") {
      this.tell({ what: "move", row, by: tool === "up" ? -1 : 1 });
    } else this.tell({ what: tool, row });
    for (const button of this.tools) button.disabled = true;
  }

  choose(target) {
    const row = Number(target.closest("tr")?.dataset.row);
    if (!row || row === this.data.chosen) return;
    this.data.chosen = row;
    this.mark(row);
    this.tell({ what: "choose", row });
    this.enable();
  }

  change(target) {
    if (!target.name) return;
    target.told = target.value;
    const row = Number(target.closest("tr").dataset.row);
    this.tell({ what: "set", row, name: target.name, value: target.value }, target);
  }

  key(event) {
    const box = event.target;
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    const tool = { ArrowUp: "up", ArrowDown: "down", Delete: "remove", z: "undo", y: "redo" };
    if (event.altKey && tool[event.key]) {
      event.preventDefault();
      box.blur(); // So that what was typed is told first.
      this.use(tool[event.key]);
    } else if (event.key === "Escape" && (isTyped(box) || box.ariaInvalid)) {
      box.value = box.valid;
      const row = Number(box.closest("tr").dataset.row);
      this.tell({ what: "forget", row, name: box.name }, box);
    } else if (step && box.inputMode === "numeric" && /^\d+$/.test(box.value)) {
      event.preventDefault();
      box.value = Math.max(Number(box.value) + step, 1);
      this.change(box);
    } else if (event.key === "Enter" && event.target.name) {
      const rows = this.rows.map(({ nodes }) => nodes[0]);
      const next = rows.slice(rows.indexOf(event.target.closest("tr")) + 1);
      const below = next.map((node) => node.querySelector(`[name=${event.target.name}]`));
      (below.find((box) => box && !box.disabled) ?? event.target).focus();
      if (below.length === 0) this.change(event.target);
    }
  }

  /** Ctrl + Z and the like, wherever on the page; a field that is typed in has its own. */
  history(event) {
    const box = event.composedPath()[0];
    const other = box.matches?.("input, textarea, [contenteditable]") && !this.root.contains(box);
    if (!(event.ctrlKey || event.metaKey) || event.altKey || other || isTyped(box)) return;
    const key = event.shiftKey ? `shift ${event.key.toLowerCase()}` : event.key;
    const tool = { z: "undo", "shift z": "redo", y: "redo" }[key];
    if (!tool) return;
    event.preventDefault();
    this.use(tool);
  }
}

/** A row of the table and, below it, what is wrong with it. */
class Row {
  constructor(kinds, options) {
    this.kinds = kinds;
    this.line = tr();
    this.message = tr("problem");
    this.nodes = [this.line, this.message];
    this.number = number("");
    this.kind = select([], "kind", "Kind of layer");
    this.kind.append(...options);
    const kind = td("kind");
    this.swatch = document.createElement("i");
    kind.append(this.swatch, this.kind);
    this.boxes = new Map();
    const cells = SETTINGS.map((name) => {
      const cell = td();
      const box = name === "padding" ? select([], name, name) : field(name, name);
      this.boxes.set(name, box);
      cell.append(box);
      return cell;
    });
    this.from = field("from", "From rows");
    this.from.inputMode = "text";
    const from = td();
    from.append(this.from);
    this.told = ["told first shape", "told r", "told s", "told p", "told sees"].map(td);
    this.line.append(this.number, kind, ...cells, from, ...this.told);
    this.text = said(this.message);
  }

  remove() {
    for (const node of this.nodes) node.remove();
  }

  choose(chosen) {
    this.line.classList.toggle("chosen", chosen);
    if (chosen) this.line.setAttribute("aria-current", "true");
    else this.line.removeAttribute("aria-current");
  }

  show(row, data) {
    const kind = this.kinds.get(row.kind);
    for (const node of this.nodes) node.dataset.row = row.number;
    this.number.textContent = row.number;
    this.number.title = row.name;
    this.swatch.style.background = kind.colour;
    this.swatch.title = kind.about;
    set(this.kind, row.kind);
    for (const [name, box] of this.boxes) {
      const has = kind.settings.includes(name);
      const cell = box.parentNode;
      cell.classList.toggle("none", !has);
      box.disabled = !has;
      box.title = kind.called[name] ?? "";
      box.setAttribute("aria-label", `${kind.called[name] ?? name} of row ${row.number}`);
      if (name === "padding") offerPaddings(box, row, data.input.length === 2);
      set(box, has ? String(row.settings[name]) : "", row.typed[name]);
    }
    this.from.placeholder = row.number - 1 + (kind.joins ? " + ?" : "");
    this.from.setAttribute("aria-label", `From rows, of row ${row.number}`);
    set(this.from, row.from, row.typed.from);
    const [shape, r, s, p, sees] = this.told;
    shape.textContent = row.shape;
    const numbers = row.field ?? (row.sees ? ["none", "", ""] : ["", "", ""]);
    [r, s, p].forEach((cell, i) => {
      cell.textContent = numbers[i];
    });
    r.classList.toggle("missing", numbers[0] === "none");
    r.title = row.note;
    sees.textContent = row.sees;
    this.line.classList.toggle("wrong", Boolean(row.problem));
    this.message.hidden = !row.problem;
    this.text.textContent = row.problem;
  }
}

function offerPaddings(box, row, signal) {
  const { padding } = row.settings;
  const most = Math.min(row.settings.kernel ?? 1, MOST_PADDING);
  const numbers = [...Array(most + 1).keys()];
  if (typeof padding === "number" && padding > most) numbers.push(padding);
  const causal = signal || padding === "causal" ? ["causal"] : [];
  const values = ["same", "valid", ...causal, ...numbers].map(String);
  if (box.dataset.values === values.join()) return;
  box.dataset.values = values.join();
  box.replaceChildren(...values.map((value) => new Option(value, value)));
}

/**
 * Gives a box its value, or what was typed and refused, unless somebody is typing in it or the
 * server has not heard of its latest edit: it would fall back for a moment.
 */
function set(box, value, typed) {
  const shown = typed ?? value;
  box.valid = value;
  if (box.edit && !box.edit.heard) return;
  box.ariaInvalid = typed === undefined ? null : "true";
  if (isTyped(box) && box.getRootNode().activeElement === box) return;
  box.told = shown;
  if (box.value !== shown) box.value = shown;
}

/** Whether a box holds what the server has not heard of yet. */
function isTyped(box) {
  return box.told !== undefined && box.value !== box.told;
}

/** Where a row's message is written; it stays in sight when the table is scrolled sideways. */
function said(row) {
  const cell = Object.assign(td(), { colSpan: 14 });
  const text = document.createElement("span");
  cell.append(text);
  row.append(cell);
  return text;
}

function tr(name = "") {
  return Object.assign(document.createElement("tr"), { className: name });
}

function td(name = "") {
  return Object.assign(document.createElement("td"), { className: name });
}

function number(text) {
  const cell = document.createElement("th");
  cell.scope = "row";
  cell.textContent = text;
  return cell;
}

function field(name, label) {
  const box = document.createElement("input");
  return Object.assign(box, { name, autocomplete: "off", inputMode: "numeric", ariaLabel: label });
}

function select(options, name, label) {
  const box = Object.assign(document.createElement("select"), { name });
  box.append(...options.map(([value, text]) => new Option(text, value)));
  box.setAttribute("aria-label", label);
  return box;
}

export default mount(Editor, (editor, { data, setTriggerValue }) => {
  editor.report = (edits) => setTriggerValue("edits", { edits });
  editor.show(data);
});
