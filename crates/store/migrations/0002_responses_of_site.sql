-- Presets are shared by sites: without it, a list of one site's answers reads those of all.
CREATE INDEX responses_of_site ON responses (survey, site, dated_ms, id);
