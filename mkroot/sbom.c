/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --sbom: an SPDX 2.3 document of the packages in the image. Licences of old
 * packages are no SPDX expressions ("GPL", "distributable"), so each text is
 * kept word for word behind a LicenseRef of its own.
 */
#include <rpm/header.h>
#include <time.h>

#include "common/json.h"
#include "mkroot/build.h"

static const char *tag(const struct package *p, rpmTagVal which, const char *otherwise)
{
	const char *text = headerGetString(p->header, which);

	return text && *text ? text : otherwise;
}

/* "LicenseRef-3" of a licence text; the same text has the same one. */
static json_t *license_of(const struct package *p, struct strlist *licenses)
{
	const char *text = tag(p, RPMTAG_LICENSE, NULL);
	long at;

	if (!text)
		return json_string("NOASSERTION");
	at = strlist_find(licenses, text);
	if (at < 0) {
		if (strlist_add(licenses, text))
			return json_lost();
		at = (long)licenses->count - 1;
	}
	return json_sprintf("LicenseRef-%ld", at + 1);
}

static json_t *checksums_of(const struct package *p)
{
	return json_pack("[{s:s, s:s}]", "algorithm", "SHA256", "checksumValue", p->sha256);
}

/* Percent-encoded, as the purl specification wants it. */
static int add_encoded(struct strbuf *s, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789.-_~";
	int rc = 0;

	for (; *text && !rc; text++)
		rc = strchr(plain, *text) ? strbuf_add(s, text, 1) :
					    strbuf_addf(s, "%%%02X", (unsigned char)*text);
	return rc;
}

/* Package URL, type rpm. NULL without memory. */
static json_t *purl_of(const struct package *p)
{
	const char *const parts[] = { "pkg:rpm/", p->name, "@", tag(p, RPMTAG_VERSION, "0"), "-",
				      tag(p, RPMTAG_RELEASE, "0"), "?arch=",
				      tag(p, RPMTAG_ARCH, "noarch") };
	uint64_t epoch = headerGetNumber(p->header, RPMTAG_EPOCH);
	struct strbuf url = STRBUF_INIT;
	json_t *refs = NULL;
	int rc = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && !rc; i++)
		rc = i % 2 ? add_encoded(&url, parts[i]) : strbuf_adds(&url, parts[i]);
	if (!rc && epoch)
		rc = strbuf_addf(&url, "&epoch=%llu", (unsigned long long)epoch);
	if (!rc)
		refs = json_pack("[{s:s, s:s, s:s}]", "referenceCategory", "PACKAGE-MANAGER",
				 "referenceType", "purl", "referenceLocator", url.data);
	else
		json_lost();
	strbuf_release(&url);
	return refs;
}

/* "Organization: ..." */
static json_t *supplier_of(const char *vendor)
{
	struct strbuf s = STRBUF_INIT;
	json_t *text = strbuf_addf(&s, "Organization: %s", vendor) ? json_lost() : proof_text(s.data);

	strbuf_release(&s);
	return text;
}

static json_t *package_object(const struct plan_package *pp, size_t index, struct strlist *licenses)
{
	const struct package *p = pp->package;
	json_t *o = json_object();

	json_put(o, "SPDXID", json_sprintf("SPDXRef-Package-%zu", index + 1));
	json_put(o, "name", proof_text(p->name));
	json_put(o, "versionInfo", json_sprintf("%s-%s", tag(p, RPMTAG_VERSION, "0"),
					   tag(p, RPMTAG_RELEASE, "0")));
	json_put(o, "packageFileName", proof_text(package_file_name(p)));
	json_put(o, "downloadLocation", json_string("NOASSERTION"));
	json_put(o, "filesAnalyzed", json_false());
	json_put(o, "licenseConcluded", json_string("NOASSERTION"));
	json_put(o, "licenseDeclared", license_of(p, licenses));
	json_put(o, "copyrightText", json_string("NOASSERTION"));
	json_put(o, "summary", proof_text(tag(p, RPMTAG_SUMMARY, "")));
	json_put(o, "comment", json_sprintf("%zu files", pp->files.count));
	json_put(o, "checksums", checksums_of(p));
	json_put(o, "externalRefs", purl_of(p));
	if (tag(p, RPMTAG_VENDOR, NULL))
		json_put(o, "supplier", supplier_of(tag(p, RPMTAG_VENDOR, "")));
	return o;
}

static json_t *license_objects(const struct strlist *licenses)
{
	json_t *list = json_array();

	for (size_t i = 0; i < licenses->count; i++) {
		json_t *o = json_object();

		json_put(o, "licenseId", json_sprintf("LicenseRef-%zu", i + 1));
		json_put(o, "name", proof_text(licenses->items[i]));
		json_put(o, "extractedText", proof_text(licenses->items[i]));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *relationship(const char *from, const char *type, json_t *to)
{
	return json_pack("{s:s, s:s, s:o}", "spdxElementId", from, "relationshipType", type,
			 "relatedSpdxElement", to);
}

static json_t *image_object(const struct build *b)
{
	json_t *o = json_object();

	json_put(o, "SPDXID", json_string("SPDXRef-Image"));
	json_put(o, "name", json_sprintf("%s image", b->profile.name));
	json_put(o, "downloadLocation", json_string("NOASSERTION"));
	json_put(o, "filesAnalyzed", json_false());
	json_put(o, "licenseConcluded", json_string("NOASSERTION"));
	json_put(o, "licenseDeclared", json_string("NOASSERTION"));
	json_put(o, "copyrightText", json_string("NOASSERTION"));
	/* No primaryPackagePurpose: 2.3 and 2.3.1 spell OPERATING_SYSTEM in two ways. */
	return o;
}

/* When: the build's own time, so that the document is as repeatable as the image. */
static json_t *creation_info(const struct build *b)
{
	time_t now = (time_t)b->now;
	char text[32];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_pack("{s:s, s:[s]}", "created", text, "creators", "Tool: mkroot-" MKROOT_VERSION);
}

static json_t *namespace_of(const struct build *b)
{
	char hex[33];

	for (size_t i = 0; i < sizeof(b->uuid); i++)
		snprintf(hex + 2 * i, 3, "%02x", b->uuid[i]);
	return json_sprintf("urn:mkroot:image:%s", hex);
}

json_t *sbom_document(const struct build *b)
{
	struct strlist licenses = STRLIST_INIT;
	json_t *doc = json_object(), *packages = json_array(), *relations = json_array();

	json_array_append_new(packages, image_object(b));
	json_array_append_new(relations, relationship("SPDXRef-DOCUMENT", "DESCRIBES",
						      json_string("SPDXRef-Image")));
	for (size_t i = 0; i < b->plan.count; i++) {
		json_array_append_new(packages,
				      package_object(&b->plan.packages[i], i, &licenses));
		json_array_append_new(relations,
				      relationship("SPDXRef-Image", "CONTAINS",
						   json_sprintf("SPDXRef-Package-%zu", i + 1)));
	}
	json_put(doc, "spdxVersion", json_string("SPDX-2.3"));
	json_put(doc, "dataLicense", json_string("CC0-1.0"));
	json_put(doc, "SPDXID", json_string("SPDXRef-DOCUMENT"));
	json_put(doc, "name", json_sprintf("%s image", b->profile.name));
	json_put(doc, "documentNamespace", namespace_of(b));
	json_put(doc, "creationInfo", creation_info(b));
	json_put(doc, "packages", packages);
	json_put(doc, "relationships", relations);
	json_put(doc, "hasExtractedLicensingInfos", license_objects(&licenses));
	strlist_release(&licenses);
	return doc;
}
