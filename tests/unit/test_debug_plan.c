/* tests/unit/test_debug_plan.c - a debugger's breakpoints beside the guest's own. */
#include "tests/unit/support.h"

#include "guest/debug_plan.h"

static struct debug_point points[DEBUG_POINTS];
static struct debug_plan plan;
static uint64_t dr[DEBUG_SLOTS];

static int set_up(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DEBUG_POINTS; i++)
		points[i] = (struct debug_point){0};
	for (unsigned i = 0; i < DEBUG_SLOTS; i++)
		dr[i] = 0x1000 * (i + 1);
	return 0;
}

static void put(unsigned i, enum debug_point_kind kind, uint64_t at, uint64_t len)
{
	points[i] = (struct debug_point){
		.at = at, .len_bytes = len, .kind = (uint8_t)kind, .used = true};
}

static void make(uint64_t dr7)
{
	debug_plan_make(&plan, points, dr, dr7, true);
}

static void without_points_the_guest_has_its_own(void **state)
{
	(void)state;
	make(0x2455); /* with GD */
	assert_int_equal(plan.dr7, 0x455);
	assert_memory_equal(plan.dr, dr, sizeof(dr));
	for (unsigned n = 0; n < DEBUG_SLOTS; n++)
		assert_int_equal(plan.point[n], DEBUG_GUEST);
}

static void the_guests_enabled_slots_stay_where_they_are(void **state)
{
	(void)state;
	put(0, DEBUG_POINT_SOFTWARE, 0x7c00, 1);
	put(1, DEBUG_POINT_WRITE, 0x8004, 4);
	make(0x400 | 0x1 | 0x20 | UINT64_C(0x3) << 24); /* slots 0 and 2 */
	assert_int_equal(plan.dr[0], dr[0]);
	assert_int_equal(plan.dr[2], dr[2]);
	assert_int_equal(plan.dr[1], 0x8004); /* the watchpoint first */
	assert_int_equal(plan.dr[3], 0x7c00);
	assert_int_equal(plan.point[1], 1);
	assert_int_equal(plan.point[3], 0);
	assert_int_equal(plan.dr7, 0x400 | 0x1 | 0x20 | 0x8 | 0x80 | UINT64_C(0x3) << 24 |
					   UINT64_C(0xd) << 20);
	assert_false(points[0].by_page || points[1].by_page);
}

static void what_finds_no_register_is_left_to_its_page(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6; i++)
		put(i, DEBUG_POINT_SOFTWARE, 0x100 * i, 1);
	put(6, DEBUG_POINT_ACCESS, 0x9000, 8);
	put(7, DEBUG_POINT_READ, 0x9001, 2);  /* not aligned */
	put(8, DEBUG_POINT_WRITE, 0x9000, 3); /* no such length */
	make(0x400);
	for (unsigned i = 0; i < 9; i++)
		assert_int_equal(points[i].by_page, i >= 3 && i != 6);
	assert_int_equal(plan.dr[0], 0x9000);
	assert_int_equal(plan.dr7 >> 16 & 0xf, 0xb); /* accesses to 8 bytes */
	assert_int_equal(debug_plan_code_at(points, 0x300), 3);
	assert_int_equal(debug_plan_code_at(points, 0x200), DEBUG_GUEST); /* in a register */
	assert_int_equal(debug_plan_code_at(points, 0x301), DEBUG_GUEST);
}

static void a_guest_with_four_of_its_own_keeps_them(void **state)
{
	(void)state;
	put(0, DEBUG_POINT_HARDWARE, 0x7c00, 1);
	make(0x4aa); /* the guest has all registers */
	assert_true(points[0].by_page);
	assert_int_equal(plan.dr7, 0x4aa);
}

static void breakpoints_that_are_off_keep_their_slot(void **state)
{
	uint64_t bits = 3;

	(void)state;
	put(0, DEBUG_POINT_HARDWARE, 0x7c00, 1);
	put(1, DEBUG_POINT_WRITE, 0x8000, 2);
	debug_plan_make(&plan, points, dr, 0x400, false);
	assert_int_equal(plan.point[0], 0);
	assert_int_equal(plan.dr7, 0x400 | 0x8 | UINT64_C(5) << 20);
	assert_int_equal(debug_plan_hit(&plan, &bits), 1);
	assert_int_equal(bits, 0);
}

static void a_hit_is_the_debuggers_or_the_guests(void **state)
{
	uint64_t bits = 0x400f;

	(void)state;
	put(5, DEBUG_POINT_HARDWARE, 0x7c00, 1);
	make(0x400 | 0x1 | 0x10);
	assert_int_equal(debug_plan_hit(&plan, &bits), 5);
	assert_int_equal(bits, 0x400d);
	assert_int_equal(debug_plan_hit(&plan, &bits), DEBUG_GUEST);
	assert_int_equal(bits, 0x400d);
}

static void a_watched_byte_is_found_by_what_is_done_to_it(void **state)
{
	(void)state;
	put(0, DEBUG_POINT_WRITE, 0x8001, 3);
	put(1, DEBUG_POINT_READ, 0x9001, 3);
	put(2, DEBUG_POINT_ACCESS, 0xa001, 3);
	put(3, DEBUG_POINT_SOFTWARE, 0x8001, 1);
	make(0x4aa); /* the guest has all registers */
	assert_int_equal(debug_plan_watched(points, 0x8001, true), 0);
	assert_int_equal(debug_plan_watched(points, 0x8003, true), 0);
	assert_int_equal(debug_plan_watched(points, 0x8003, false), DEBUG_GUEST);
	assert_int_equal(debug_plan_watched(points, 0x8004, true), DEBUG_GUEST);
	assert_int_equal(debug_plan_watched(points, 0x8000, true), DEBUG_GUEST);
	assert_int_equal(debug_plan_watched(points, 0x9002, false), 1);
	assert_int_equal(debug_plan_watched(points, 0x9002, true), DEBUG_GUEST);
	assert_int_equal(debug_plan_watched(points, 0xa003, true), 2);
	assert_int_equal(debug_plan_watched(points, 0xa003, false), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(without_points_the_guest_has_its_own, set_up),
		cmocka_unit_test_setup(the_guests_enabled_slots_stay_where_they_are, set_up),
		cmocka_unit_test_setup(what_finds_no_register_is_left_to_its_page, set_up),
		cmocka_unit_test_setup(a_guest_with_four_of_its_own_keeps_them, set_up),
		cmocka_unit_test_setup(breakpoints_that_are_off_keep_their_slot, set_up),
		cmocka_unit_test_setup(a_hit_is_the_debuggers_or_the_guests, set_up),
		cmocka_unit_test_setup(a_watched_byte_is_found_by_what_is_done_to_it, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
