// The list of the phones, and the form that invents a citizen.

const POLL_MS = 2000;
const list = document.getElementById("phones");
const form = document.getElementById("new-citizen");

function pathOf(phone) {
  return phone.number ? `/phones/${phone.number}` : `/users/${phone.user_id}`;
}

function row(phone) {
  const link = document.createElement("a");
  link.href = pathOf(phone);
  const name = document.createElement("strong");
  name.textContent = phone.name;
  const address = document.createElement("span");
  address.textContent = phone.number ? `+${phone.number}` : `${phone.user_id} (número oculto)`;
  const count = document.createElement("small");
  count.textContent = phone.messages === 1 ? "1 mensaje" : `${phone.messages} mensajes`;
  link.append(name, address, count);
  const item = document.createElement("li");
  item.append(link);
  return item;
}

let shown = "";

async function refresh() {
  try {
    const text = await (await fetch("/simulator/phones")).text();
    // Nothing is replaced without need: the keyboard's focus may be on a link.
    if (text !== shown) {
      shown = text;
      const { phones } = JSON.parse(text);
      list.replaceChildren(...phones.map(row));
      document.getElementById("no-phones").hidden = phones.length > 0;
    }
  } catch {
    // The simulator is being started again; the next turn will tell.
  }
  setTimeout(refresh, POLL_MS);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const number = form.elements.number.value.replace(/\D/g, "");
  const answer = await fetch(`/simulator/phones/${number}`, {
    method: "PUT",
    body: JSON.stringify({ name: form.elements.name.value }),
  });
  if (answer.ok) {
    location.assign(`/phones/${number}`);
  } else {
    document.getElementById("problem").textContent = "No se pudo abrir ese teléfono.";
  }
});

form.elements.number.value = `+57300${String(Math.floor(Math.random() * 1e7)).padStart(7, "0")}`;
refresh();
