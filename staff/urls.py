"""The pages of allauth that people who work here need, under the names it gives them. It has more; those are closed."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.urls import path

from staff import views
from staff.doors import open_to
from staff.standing import Standing

inside = open_to(Standing.IN)
setting_up = open_to(Standing.IN, Standing.WITHOUT)

urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/", inside(account.password_change), name="account_change_password"),
    path("second-factor/", inside(mfa.index), name="mfa_index"),
    path("second-factor/code/", mfa.authenticate, name="mfa_authenticate"),
    path("second-factor/again/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("second-factor/set-up/", setting_up(views.SetUpView.as_view()), name="mfa_activate_totp"),
    path("second-factor/take-away/", inside(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("recovery-codes/", inside(views.RecoveryCodesView.as_view()), name="mfa_view_recovery_codes"),
    path(
        "recovery-codes/new/",
        inside(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
]
