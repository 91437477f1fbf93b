"""Who works with the desk: agencies and their people."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class AgencyKind(models.TextChoices):
    POLICE = "police", _("Police")
    PROSECUTOR = "prosecutor", _("Prosecutor's office")
    JUDICIARY = "judiciary", _("Judiciary")
    FORENSIC_LAB = "forensic_lab", _("Forensic laboratory")
    CERT = "cert", _("CERT")
    REGULATOR = "regulator", _("Regulator")
    MINISTRY = "ministry", _("Ministry")
    NGO = "ngo", _("Non-governmental organisation")
    PROVIDER = "provider", _("Provider")


class Role(models.TextChoices):
    OFFICER = "officer", _("Officer")
    SUPERVISOR = "supervisor", _("Supervisor")
    ASSESSOR = "assessor", _("Assessor for the Worst Of list")
    READER = "reader", _("Reader of shared bundles")
    ANALYST = "analyst", _("Reader of figures")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


class Agency(models.Model):
    name = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=20, choices=AgencyKind)
    country = models.CharField(max_length=2)
    is_synthetic = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, related_name="users")
    role = models.CharField(max_length=20, choices=Role, default=Role.ANALYST)
    language = models.CharField(max_length=5, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    theme = models.CharField(max_length=5, blank=True)  # light, dark, "" = as the device
    uses_shortcuts = models.BooleanField(default=True)
    # Set while the password is one that an administrator handed out.
    first_password_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @property
    def audit_name(self) -> str:
        return self.username

    @property
    def audit_agency(self) -> str:
        return self.agency.name if self.agency else ""


class ApiToken(models.Model):
    """A key for the read API. Only its SHA-256 is kept; the key is shown once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
