"""A stand-in for Meta's WhatsApp Cloud API, for development and tests: as strict as the real one.

It owns the phones of invented citizens and their files (in memory), what Meta would answer, and the
webhooks that Meta would send. It is a second, independent reading of Meta's documents: nothing here
is shared with the desk's own WhatsApp code.

As Meta (faults of media: fail_media, stream_media):
    POST /v25.0/{phone_number_id}/messages      answer_graph → accept_message, mark_read
    POST /v25.0/{phone_number_id}/media         upload_media    multipart → {"id"}
    GET  /v25.0/{media_id}                      show_media      {"url", "mime_type", "sha256", …}
    GET  that url                               stream_media    the bytes, for the same token
    statuses of what the desk sent              report_statuses, read_answers

As the citizens, {phone} being phones/{number} or users/{user_id} (the number is hidden then):
    PUT  /simulator/{phone}                     invent_citizen  {"name": "Ana"}
    POST /simulator/{phone}/messages            write_message   {"text": "Hola"} → 202 {"id": wamid}
    GET  /simulator/{phone}/messages            read_messages   {"messages": [PhoneMessage …]}
    POST /simulator/{phone}/files               send_file       multipart: `file`, fields of Sending
    POST /simulator/{phone}/read                read_answers    `read` is reported to the desk
    GET  /simulator/media/{media_id}            show_file
    GET  /simulator/phones                      list_phones
    GET  /, /phones/{number}, /users/{user_id}  show_page       the phones in a browser: page/

As whoever tests:
    POST /simulator/webhooks                    inject_webhook  {"value": {…}} or {"body": "…"}
    GET  /simulator/webhooks                    count_webhooks  at rest when "pending" is 0
    POST /simulator/media/forget                forget_media    as if all media were too old
    GET, PUT, PATCH, DELETE /simulator/behaviour   change_behaviour   fields: see Behaviour
"""
