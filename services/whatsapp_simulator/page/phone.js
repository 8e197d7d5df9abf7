// One phone: shows what stands on it every half second, and sends what is written here.

import { showMessage, summary } from "./bubble.js";

const POLL_MS = 500;
const base = `/simulator${location.pathname}`;
const chat = document.getElementById("chat");
const composer = document.getElementById("composer");
const text = document.getElementById("text");
const files = document.getElementById("files");
const problem = document.getElementById("problem");
const scroller = document.querySelector("main");

const shown = new Map();
let replyTo = null;

// What a camera or a recorder made is sent as such; everything else is a document, as on a phone.
const KINDS = {
  "image/jpeg": "image",
  "image/png": "image",
  "video/mp4": "video",
  "video/3gpp": "video",
  "audio/aac": "audio",
  "audio/amr": "audio",
  "audio/mpeg": "audio",
  "audio/mp4": "audio",
  "audio/ogg": "audio",
  "image/webp": "sticker",
};
const WITHOUT_CAPTION = ["audio", "sticker"];

function quote(message) {
  replyTo = message;
  document.getElementById("quoting").hidden = message === null;
  document.getElementById("quoted").textContent = message ? summary(message) : "";
  text.focus();
}

function show(newest) {
  const byId = new Map(newest.map((message) => [message.id, message]));
  const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40;
  let grown = false;
  for (const message of newest) {
    const context = message.context ?? {};
    const quoted = byId.get(context.id ?? context.message_id);
    const version = JSON.stringify([message, quoted?.id]);
    const known = shown.get(message.id);
    if (known?.version === version) {
      continue;
    }
    const item = showMessage(message, quoted, () => quote(message));
    if (known) {
      // The ticks turn; what is played or has the focus stays where it is.
      known.item.querySelector(".meta").replaceWith(item.querySelector(".meta"));
      shown.set(message.id, { version, item: known.item });
    } else {
      chat.append(item);
      shown.set(message.id, { version, item });
      grown = true;
    }
  }
  if (grown && atEnd) {
    scroller.scrollTop = scroller.scrollHeight;
  }
}

async function refresh() {
  const { messages } = await (await fetch(`${base}/messages`)).json();
  show(messages);
  const unread = messages.some((one) => one.direction === "outbound" && one.status !== "read");
  if (unread && !document.hidden) {
    await fetch(`${base}/read`, { method: "POST" });
  }
}

async function keepRefreshing() {
  try {
    await refresh();
  } catch {
    // The simulator is being started again; the next turn will tell.
  }
  setTimeout(keepRefreshing, POLL_MS);
}

async function post(path, body) {
  const answer = await fetch(`${base}/${path}`, { method: "POST", body });
  if (!answer.ok) {
    throw new Error((await answer.text()) || answer.statusText);
  }
}

function writeText(body, marks) {
  return post("messages", JSON.stringify({ text: body, ...marks }));
}

function sendFile(file, kind, caption, marks) {
  const form = new FormData();
  form.set("kind", kind);
  for (const [name, value] of Object.entries({ ...marks, ...(caption && { caption }) })) {
    form.set(name, value);
  }
  form.set("file", file);
  return post("files", form);
}

// An album is one message for each file; the text goes with the first, where that can have one.
async function sendAll(body, chosen, marks) {
  let caption = body;
  for (const file of chosen) {
    const kind =
      document.getElementById("kind").value || KINDS[file.type.split(";")[0]] || "document";
    const told = WITHOUT_CAPTION.includes(kind) ? "" : caption;
    await sendFile(file, kind, told, marks);
    caption = told ? "" : caption;
  }
  if (caption) {
    await writeText(caption, marks);
  }
}

composer.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = text.value.trim();
  const forwarded = document.getElementById("forwarded").value;
  const marks = { ...(forwarded && { forwarded }), ...(replyTo && { reply_to: replyTo.id }) };
  const busy = composer.hasAttribute("aria-busy");
  if (busy || (!body && files.files.length === 0)) {
    return;
  }
  composer.setAttribute("aria-busy", "true");
  problem.textContent = "";
  try {
    await sendAll(body, files.files, marks);
    composer.reset();
    nameChosen();
    quote(null);
    await refresh();
    scroller.scrollTop = scroller.scrollHeight;
  } catch (error) {
    problem.textContent = `No se pudo enviar: ${error.message}`;
  }
  composer.removeAttribute("aria-busy");
});

text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    composer.requestSubmit();
  }
});

function nameChosen() {
  const names = Array.from(files.files, (file) => file.name);
  document.getElementById("chosen").textContent = names.join(", ") || "ninguno";
}

files.addEventListener("change", nameChosen);
document.getElementById("no-quote").addEventListener("click", () => quote(null));

async function sayWhoseItIs() {
  const { phones } = await (await fetch("/simulator/phones")).json();
  const address = decodeURIComponent(location.pathname.split("/").pop()).replace(/^\+/, "");
  const phone = phones.find((one) => [one.number, one.user_id].includes(address));
  const shownAddress = /^\d+$/.test(address) ? `+${address}` : address;
  document.getElementById("who").textContent = phone ? `${phone.name}, ${shownAddress}` : shownAddress;
  document.title = `${phone?.name ?? shownAddress} · Teléfono`;
}

sayWhoseItIs();
keepRefreshing();
