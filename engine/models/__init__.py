"""Tables. Names are BPMN's and the Camunda family's; all times are UTC."""

from engine.models.base import Base, UtcDateTime
from engine.models.complaint import ArchiveRecord, Attachment, Complaint, NumberSequence, Outbox, Suggestion
from engine.models.people import Absence, AccessLog, ApiToken, User, UserGroup, UserRole
from engine.models.process import (
    DeployedDefinition,
    Deployment,
    DeploymentResource,
    HistoryEvent,
    Incident,
    MessageSubscription,
    ProcessInstance,
    StartSubscription,
    Timer,
    UserTask,
    UserTaskCandidate,
)

__all__ = [
    "Absence",
    "AccessLog",
    "ApiToken",
    "ArchiveRecord",
    "Attachment",
    "Base",
    "Complaint",
    "DeployedDefinition",
    "Deployment",
    "DeploymentResource",
    "HistoryEvent",
    "Incident",
    "MessageSubscription",
    "NumberSequence",
    "Outbox",
    "ProcessInstance",
    "StartSubscription",
    "Suggestion",
    "Timer",
    "User",
    "UserGroup",
    "UserRole",
    "UserTask",
    "UserTaskCandidate",
    "UtcDateTime",
]
