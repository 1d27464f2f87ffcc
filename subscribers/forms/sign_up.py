from django import forms

from subscribers.forms.fields import AddressField


class SignUpForm(forms.Form):
    """What stands on every page: an address, and what tells people from programs."""

    email = AddressField(label="Email address")
    # When the form was shown, signed.
    stamp = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    # Nobody sees this field, so nobody fills it in; programs do. A name they know makes them.
    website = forms.CharField(required=False, max_length=500, widget=forms.TextInput(attrs={"tabindex": -1}))
    page = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    time_zone = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    # A solved challenge, where one was asked for.
    solution = forms.CharField(required=False, max_length=4000, widget=forms.HiddenInput)
