"""From any source to samples: files, folders, hub ids, mixtures; texts and chats. Nothing here knows a model."""
