from django import template

from subscribers.forms import SignUpForm

register = template.Library()


@register.inclusion_tag("subscribers/sign_up_form.html")
def sign_up_form(form: SignUpForm | None = None) -> dict[str, SignUpForm]:
    """The banner with the sign-up form, for any page; `form` when it was filled in before."""
    return {"form": form or SignUpForm()}
