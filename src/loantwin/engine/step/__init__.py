"""Books a month at a time, with levers: the core that environments and policies act on."""
