"""Speech enhancement for emotion recognition, after Triantafyllopoulos et al., Interspeech 2019."""
