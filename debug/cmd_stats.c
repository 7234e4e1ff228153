/* debug/cmd_stats.c - the monitor's command stats. */
#include "debug/monitor_command.h"
#include "debug/output.h"
#include "debug/stats.h"
#include "debug/stats_rows.h"
#include "vmx/vm.h"

enum form { FORM_TEXT, FORM_JSON, FORM_RESET };

struct wish {
	struct vm *vm; /* NULL: all */
	enum stats_part part;
	enum form form;
};

extern const struct monitor_command command_stats;

/* False: a word that is none of ours, and no VM's name. */
static bool read_word(struct text word, struct wish *w)
{
	for (unsigned i = STATS_SUMMARY + 1; i < STATS_PARTS; i++) {
		if (text_is(word, stats_part_words[i])) {
			w->part = (enum stats_part)i;
			return true;
		}
	}
	if (text_is(word, "json") || text_is(word, "reset")) {
		w->form = text_is(word, "json") ? FORM_JSON : FORM_RESET;
		return true;
	}
	w->vm = vm_find(word);
	return w->vm != NULL;
}

static void show(struct vm *vm, const struct wish *w, const char *comma,
		 const struct debug_output *out)
{
	struct stats_source source = stats_of(vm);

	switch (w->form) {
	case FORM_TEXT:
		debug_print(out, "%s, vCPU 0:\n", vm->config.name);
		stats_print(&source, w->part, out);
		break;
	case FORM_JSON:
		debug_print(out, "%s", comma);
		stats_print_json(&source, out);
		break;
	case FORM_RESET:
		debug_print(out, "%s, vCPU 0: %s\n", vm->config.name,
			    stats_reset(vm) ? "counted from here on" : "its core does not answer");
		break;
	}
}

static bool run(const struct monitor_args *a)
{
	struct wish w = {0};
	const char *comma = "";

	for (unsigned i = 1; i < a->count; i++) {
		if (!read_word(a->words[i], &w)) {
			debug_print(a->out, "stats: \"%.*s\" is neither a word of it nor a VM\n",
				    (int)a->words[i].len, a->words[i].at);
			return false;
		}
	}
	if (w.form == FORM_JSON)
		debug_print(a->out, "{\"vms\": [");
	for (unsigned i = 0; i < vm_count; i++) {
		if (w.vm && w.vm != vms[i])
			continue;
		show(vms[i], &w, comma, a->out);
		comma = ",\n";
	}
	if (w.form == FORM_JSON)
		debug_print(a->out, "]}\n");
	return true;
}

static const char *const words[] = {
	"keys", "ports", "msrs", "cpuid", "vectors", "pages", "json", "reset", NULL,
};

const struct monitor_command command_stats = {
	.name = "stats",
	.usage = "[NAME] [keys|ports|msrs|cpuid|vectors|pages|json|reset]",
	.help = "what guests exit for, how often and for how long",
	.run = run,
	.words = words,
	.vm_names = true,
};
