"""Setting up a second factor: allauth's pages, on the way to where somebody wanted to go."""

from typing import Any

from allauth.account.mixins import NextRedirectMixin
from allauth.mfa.recovery_codes.views import ViewRecoveryCodesView
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.views import ActivateTOTPView
from django.http import HttpResponse
from django.urls import reverse

from staff.standing import note_second_factor


class SetUpView(NextRedirectMixin, ActivateTOTPView):  # type: ignore[misc]  # allauth ships no types
    """Shows a secret to scan, and asks for a code that it made."""

    def form_valid(self, form: ActivateTOTPForm) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        note_second_factor(self.request)
        return response

    def get_success_url(self) -> str:
        return str(self.passthrough_next_url(reverse("mfa_view_recovery_codes")))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"secret": context["form"].secret}


class RecoveryCodesView(NextRedirectMixin, ViewRecoveryCodesView):  # type: ignore[misc]  # allauth ships no types
    """Shows the codes for the day the phone is lost, once, and leads on."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"onward_url": self.get_next_url() or reverse("admin:index")}
