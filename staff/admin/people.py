"""The people who work here: who they are, what their roles are, whether they have a second factor."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from staff.second_factors import forget_second_factor

# Django registers its own pages for the first two, with forms that the admin's theme does not know; what allauth keeps
# about people is changed on its own pages alone.
admin.site.unregister([User, Group, EmailAddress, Authenticator])

# Whoever could set these could do anything, whatever the role says. What a group may do only superusers change.
RAISES = {"is_superuser", "user_permissions"}


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User], ModelAdmin[User]):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "roles", "is_active", "has_second_factor", "last_login"]
    list_filter = ["is_active", "groups"]
    search_fields = ["username"]
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = ["user_permissions"]
    actions_detail = ["forget_second_factor"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        factors = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
        return super().get_queryset(request).annotate(factor=Exists(factors)).prefetch_related("groups")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Only a superuser makes superusers; everybody else is what the roles say."""
        fieldsets = super().get_fieldsets(request, obj)
        if request.user.is_superuser:
            return fieldsets
        return [
            (name, options | {"fields": [one for one in options["fields"] if one not in RAISES]})
            for name, options in fieldsets
        ]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody, or what a person did would go with them: take *Active* away instead."""
        return False

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        # A handful, each with a box to tick.
        boxes = {"widget": UnfoldAdminCheckboxSelectMultipleWidget} if db_field.name == "groups" else {}
        return super().formfield_for_manytomany(db_field, request, **boxes | kwargs)

    @admin.display(description="roles")
    def roles(self, user: User) -> str:
        names = [group.name for group in user.groups.all()]
        return ", ".join((["Superuser"] if user.is_superuser else []) + names)

    @admin.display(description="second factor", boolean=True, ordering="factor")
    def has_second_factor(self, user: Any) -> bool:
        return bool(user.factor)

    def has_forget_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        user: Any = self.get_object(request, str(object_id))
        return user is not None and user.factor and self.has_change_permission(request, user)

    @action(description="Forget the second factor", url_path="forget-second-factor", permissions=["forget"])
    def forget_second_factor(self, request: HttpRequest, object_id: int) -> HttpResponse:
        user = get_object_or_404(User, pk=object_id)
        if user == request.user:
            # Where a code is asked for first.
            return redirect("mfa_deactivate_totp")
        if request.method != "POST":
            context = self.admin_site.each_context(request)
            context |= {"title": "Forget the second factor?", "opts": self.opts, "who": user}
            return TemplateResponse(request, "staff/forget_second_factor.html", context)
        forget_second_factor(user, f"user {request.user.pk}")
        self.log_change(request, user, "Forgot the second factor.")
        self.message_user(request, f"{user} sets up a new second factor at the next log-in.", messages.SUCCESS)
        return redirect("admin:auth_user_change", user.pk)


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    """A new password for a superuser would make one of whoever set it."""
    return user is None or not user.is_superuser or bool(request.user.is_superuser)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin[Group]):
    pass
