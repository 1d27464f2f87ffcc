"""A file of readers, uploaded by an operator: tried first, then taken in."""

import hashlib
from datetime import timedelta
from typing import Any

from django import forms
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from subscribers.importing import MAX_PROVENANCE, MIN_PROVENANCE

# More takes longer than a request may.
MAX_UPLOAD = 1_000_000
TRIED = "subscribers.import tried"
TRIED_VALID_FOR = timedelta(hours=1)


class ImportForm(forms.Form):
    provenance = forms.CharField(
        min_length=MIN_PROVENANCE,
        max_length=MAX_PROVENANCE,
        help_text="Where these people agreed to get our mail, and how. It is kept with the import.",
        widget=UnfoldAdminTextInputWidget,
    )
    file = forms.FileField(
        label="CSV or TSV file",
        help_text="Its first row names the columns. One must be called email.",
        widget=UnfoldAdminFileFieldWidget,
    )

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > MAX_UPLOAD:
            raise forms.ValidationError(
                "This is more than a page can take in. On the server, run: manage.py import_subscribers FILE"
            )
        # Now, since whoever reads the file closes it.
        self._digest = hashlib.sha256(file.read()).hexdigest()
        return file

    def signed(self) -> str:
        """Return what was tried, as the second step is told; the form must be valid."""
        return signing.dumps(self._content(), salt=TRIED)

    def _content(self) -> list[str]:
        return [self._digest, self.cleaned_data["provenance"]]


class ConfirmImportForm(ImportForm):
    """The second step. The file is sent again, so that no copy of it lies on the server; it must be the one tried."""

    tried = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["provenance"].widget = forms.HiddenInput()
        self.fields["file"].label = "The same file again"
        self.fields["file"].help_text = "It was tried only, and no copy was kept."

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            try:
                tried = signing.loads(self.cleaned_data["tried"], salt=TRIED, max_age=TRIED_VALID_FOR)
            except signing.BadSignature as err:
                raise forms.ValidationError("It is too long since the file was tried. Try it again.") from err
            if tried != self._content():
                raise forms.ValidationError("This is not the file that was tried. Try it first.")
        return self.cleaned_data
