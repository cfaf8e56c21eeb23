"""The live camera: a stream of frames, each taken the whole road, the newest first of all."""
