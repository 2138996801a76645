package cluster

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos"
)

// Whether changes come at once or in steps, whether models share their tasks or not, they have
// the same tasks in the same order, and those before stay as they are.
func TestModelsShareTheTasksThatDidNotChange(t *testing.T) {
	s := large(600, 6000)
	base := Build(s, nil)
	changes := churn(s, 4500)
	at := time.Unix(300, 0)
	// Tasks that come and go between two models, and a framework that goes.
	ends := changes[4200:]
	for i := range ends {
		if added := ends[i].Task; added != nil {
			changes = append(changes, mesos.StreamEvent{Type: mesos.StreamTaskUpdated, Update: &mesos.StreamUpdate{FrameworkID: added.FrameworkID, State: "TASK_FAILED",
				Status: mesos.StreamStatus{TaskID: added.ID, UUID: "u", TaskStatus: mesos.TaskStatus{State: "TASK_FAILED", Timestamp: 300}}}})
		}
	}
	changes = append(changes, mesos.StreamEvent{Type: mesos.StreamFrameworkRemoved, RemovedID: s.Frameworks[3].ID})

	before := base.written()
	model, settled := base, 0
	for from := 0; from < len(changes); from += 90 {
		next := model.With(changes[from:min(from+90, len(changes))], at)
		if next.tasks.baseTasks != model.tasks.baseTasks {
			settled++
		}
		if from%450 == 0 {
			addsUp(t, next, 0)
		}
		was := model.TaskCounts
		require.Len(t, model.Tasks(), was.Total())
		model = next
	}
	require.Greater(t, settled, 2)
	require.Less(t, settled, 10)
	addsUp(t, model, 0)
	require.Equal(t, before, base.written())
	once := base.With(changes, at)
	addsUp(t, once, 0)
	require.Len(t, once.Tasks(), len(model.Tasks()))
	for i, task := range once.Tasks() {
		require.Equal(t, task.key(), model.Tasks()[i].key())
	}
	sameModel(t, once, model, "in steps")
	require.Same(t, &once.Tasks()[0], &once.Tasks()[0], "the list is made once")
}

// The last task with an ID is the one that is meant, and when it is removed, the one before.
func TestAnIDMayBeThatOfSeveralTasks(t *testing.T) {
	f := &Framework{ID: "F1"}
	l := listOf([]Task{{ID: "a", Framework: f, State: Finished}, {ID: "b", Framework: f}, {ID: "a", Framework: f, State: Running}})
	key := taskKey{"F1", "a"}
	require.Equal(t, 2, l.slot(key))
	edited := l.edited()
	edited.set(2, nil)
	require.Equal(t, 0, edited.slot(key))
	require.Equal(t, 2, l.slot(key))
	require.Equal(t, 3, edited.add(&Task{ID: "a", Framework: f}))
	require.Equal(t, 3, edited.slot(key))
	edited.set(3, nil)
	require.Equal(t, 0, edited.slot(key))
	edited.set(0, nil)
	require.Equal(t, noTask, edited.slot(key))
	require.Equal(t, noTask, edited.slot(taskKey{"F2", "b"}))
	require.Equal(t, noTask, (*taskList)(nil).slot(key))
	require.Equal(t, noTask, listOf(nil).slot(key))
}

// Whatever the order in which tasks are looked for, each is found in its slot, and those that are
// removed or were never there are not.
func TestTasksAreFoundInAnyOrder(t *testing.T) {
	base := Build(large(50, 500), nil).tasks
	edited := base.edited()
	for slot := 7; slot < len(base.all); slot += 11 {
		edited.set(slot, nil)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, l := range []*taskList{base, edited} {
		slot := 0
		for range 20_000 {
			switch random.IntN(20) {
			case 0:
				slot = random.IntN(len(l.all))
			case 1:
				require.Equal(t, noTask, l.slot(taskKey{"F", l.all[slot].ID}))
			default:
				slot = (slot + 1) % len(l.all)
			}
			want := slot
			if l == edited && slot%11 == 7 {
				want = noTask
			}
			require.Equal(t, want, l.slot(l.all[slot].key()))
		}
	}
}

// A model by events takes memory for what changed, and not for all tasks.
func TestAModelByEventsIsSmall(t *testing.T) {
	const tasks = 40_000
	s := large(500, tasks)
	base := Build(s, nil)
	changes := churn(s, 90)
	next := base.With(changes, time.Unix(300, 0))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	next = next.With(changes, time.Unix(315, 0))
	next.EventsOf(changes, nil)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(tasks*unsafe.Sizeof(Task{})/10))
}
