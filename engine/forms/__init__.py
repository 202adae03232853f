"""form-js forms, compiled and checked on the server. See ``load_form`` and ``Form``."""

from engine.forms.bound import BoundField, BoundForm
from engine.forms.form import Form, FormResult, load_form
from engine.forms.messages import FormError, FormFinding
from engine.forms.model import Field, Option, Rules

__all__ = [
    "BoundField",
    "BoundForm",
    "Field",
    "Form",
    "FormError",
    "FormFinding",
    "FormResult",
    "Option",
    "Rules",
    "load_form",
]
