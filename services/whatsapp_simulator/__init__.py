"""A stand-in for Meta's WhatsApp Cloud API, for development and tests: as strict as the real one.

It owns the phones of invented citizens (in memory), what Meta would answer, and the webhooks that
Meta would send. It is a second, independent reading of Meta's documents: nothing here is shared
with the desk's own WhatsApp code.

As Meta:
    POST /v25.0/{phone_number_id}/messages      answer_graph → accept_message, mark_read

As the citizens:
    POST /simulator/phones/{phone}/messages     write_message   {"text": "Hola"} → 202 {"id": wamid}
    POST /simulator/users/{user_id}/messages    write_message   the phone is hidden from the desk
    GET  /simulator/phones/{phone}/messages     read_messages   {"messages": [PhoneMessage …]}
    GET  /simulator/users/{user_id}/messages    read_messages
    GET  /                                      list_phones

As whoever tests:
    POST /simulator/webhooks                    inject_webhook  {"value": {…}} or {"body": "…"}
    GET  /simulator/webhooks                    count_webhooks  at rest when "pending" is 0
    GET, PUT, PATCH, DELETE /simulator/behaviour   change_behaviour   fields: see Behaviour
"""
