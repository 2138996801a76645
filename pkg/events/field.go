package events

// Get returns the text of a field, "" where the event does not have it.
func (e *Event) Get(f Field) string {
	switch f {
	case FieldKind:
		return string(e.Kind)
	case FieldEvent:
		return string(e.What)
	case FieldSeverity:
		return string(e.Severity)
	case FieldCluster:
		return e.Cluster
	case FieldAgent:
		return e.Agent
	case FieldAgentID:
		return e.AgentID
	case FieldFramework:
		return e.Framework
	case FieldFrameworkID:
		return e.FrameworkID
	case FieldRole:
		return e.Role
	case FieldTask:
		return e.Task
	case FieldTaskID:
		return e.TaskID
	case FieldReason:
		return e.Reason
	case FieldSource:
		return e.Source
	case FieldMessage:
		return e.Message
	default:
		return e.Labels[string(f)]
	}
}
