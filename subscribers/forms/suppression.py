from django import forms
from unfold.widgets import UnfoldAdminEmailInputWidget

from subscribers.forms.fields import AddressField
from subscribers.models import Suppression


class SuppressionForm(forms.ModelForm[Suppression]):
    """An address that is never to be mailed; of it only a keyed hash is kept."""

    address = AddressField(
        widget=UnfoldAdminEmailInputWidget,
        help_text="Nothing is mailed to it any more, and a reader there is unsubscribed. Only a hash of it is kept.",
    )

    class Meta:
        model = Suppression
        fields: list[str] = []

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        if Suppression.objects.covers(address):
            raise forms.ValidationError("This address is never mailed already.")
        return address
