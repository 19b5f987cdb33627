using System.Globalization;
using System.Text;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Platform.Files;
using StatelessSwarm.Roots.Releases;

namespace StatelessSwarm.Roots.Booting;

/// <summary>
/// Entries of the Boot Loader Specification (type #1) for releases that bring a kernel and an initrd, below a boot partition:
/// <code>
/// loader/entries/stateless-DIGEST16+LEFT.conf     a new release: the loader counts (+LEFT-DONE), the last blessed one has no counter
/// stateless/DIGEST/vmlinuz, initrd                 what it names
/// </code>
/// DIGEST16 is the digest's first 16 letters. Files are complete and durable before the entry that names them; an entry goes before its
/// files: a power cut leaves no entry that cannot be booted. A partition without room keeps the entries it has.
/// </summary>
/// <param name="bootPartition">Where it is mounted: <c>/efi</c>, <c>/boot</c>.</param>
public sealed class LoaderEntries(string bootPartition)
{
    /// <summary>Parameter that tells the agent which entry the loader chose.</summary>
    public const string EntryParameter = "stateless.entry";

    private const string Prefix = "stateless-";
    private const string Suffix = ".conf";
    private const int NameLetters = 16;

    private readonly string _entries = Path.Combine(bootPartition, "loader", "entries");
    private readonly string _files = Path.Combine(bootPartition, "stateless");

    /// <summary>Releases that have an entry, by the first 16 letters of their digests.</summary>
    public IReadOnlyList<string> List() =>
        Directory.Exists(_entries) ? [.. EntryFiles().Select(NameOf).Distinct().Order(StringComparer.Ordinal)] : [];

    /// <summary>Writes the entries that are missing, and removes those of other releases.</summary>
    /// <param name="releases">Releases to have, the one to boot first, first; those without kernel or initrd are left out.</param>
    /// <param name="options">Kernel command line of every entry.</param>
    /// <param name="tries">Boots that the loader gives a new one.</param>
    /// <param name="isGood">True for a release that needs no counter.</param>
    /// <returns>Releases whose entry was written.</returns>
    /// <exception cref="IOException">No room, or the partition failed; the entries that were there can be booted as before.</exception>
    public IReadOnlyList<StoredRelease> Update(IReadOnlyList<StoredRelease> releases, string options, int tries, Func<Sha256Digest, bool> isGood)
    {
        ArgumentNullException.ThrowIfNull(releases);
        ArgumentNullException.ThrowIfNull(isGood);
        Directory.CreateDirectory(_entries);
        Directory.CreateDirectory(_files);
        var wanted = releases.Where(release => FileOf(release, ReleaseFileRole.Kernel) is not null && FileOf(release, ReleaseFileRole.Initrd) is not null).ToList();
        RemoveOthers([.. wanted.Select(release => ShortName(release.Digest))]);
        var written = new List<StoredRelease>();
        foreach (var release in wanted.Where(release => !EntryFiles().Any(entry => NameOf(entry) == ShortName(release.Digest))))
        {
            CopyFiles(release);
            WriteEntry(release, options, isGood(release.Digest) ? 0 : tries);
            written.Add(release);
        }
        return written;
    }

    private void CopyFiles(StoredRelease release)
    {
        var directory = Path.Combine(_files, release.Digest.ToString());
        Directory.CreateDirectory(directory);
        foreach (var (role, name) in ((ReleaseFileRole, string)[])[(ReleaseFileRole.Kernel, "vmlinuz"), (ReleaseFileRole.Initrd, "initrd")])
        {
            var target = Path.Combine(directory, name);
            var temporary = target + ".new";
            try
            {
                File.Copy(release.PathOf(FileOf(release, role)!), temporary, overwrite: true);
                Durable.SyncData(temporary);
            }
            catch (IOException)
            {
                File.Delete(temporary);
                throw;
            }
            AtomicRename.Replace(temporary, target);
        }
        Durable.SyncDirectory(directory);
        Durable.SyncDirectory(_files);
    }

    private void WriteEntry(StoredRelease release, string options, int tries)
    {
        var manifest = release.Manifest;
        var counter = tries > 0 ? string.Create(CultureInfo.InvariantCulture, $"+{tries}") : "";
        var path = Path.Combine(_entries, Prefix + ShortName(release.Digest) + counter + Suffix);
        // version sorts entries of one sort-key: the build does, the version is for people
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"title {manifest.Product} {manifest.Version}\nsort-key stateless-{manifest.Product}\nversion {manifest.Build}\nlinux /stateless/{release.Digest}/vmlinuz\ninitrd /stateless/{release.Digest}/initrd\noptions {options} {EntryParameter}={release.Digest}\n"
        );
        var temporary = path + ".new";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }
        AtomicRename.Replace(temporary, path);
        Durable.SyncDirectory(_entries);
    }

    private void RemoveOthers(HashSet<string> keep)
    {
        foreach (var entry in EntryFiles().Where(entry => !keep.Contains(NameOf(entry))))
            File.Delete(entry);
        foreach (var leftover in Directory.EnumerateFiles(_entries, Prefix + "*" + Suffix + ".new"))
            File.Delete(leftover);
        Durable.SyncDirectory(_entries);
        foreach (var directory in Directory.EnumerateDirectories(_files))
        {
            if (Sha256Digest.TryParseHex(Path.GetFileName(directory), out var digest) && !keep.Contains(ShortName(digest)))
                Directory.Delete(directory, recursive: true);
        }
    }

    private IEnumerable<string> EntryFiles() => Directory.EnumerateFiles(_entries, Prefix + "*" + Suffix).Where(path => NameOf(path).Length == NameLetters);

    private static string NameOf(string path)
    {
        var name = Path.GetFileName(path)[Prefix.Length..^Suffix.Length];
        return name.Split('+')[0];
    }

    private static string ShortName(Sha256Digest digest) => digest.ToString()[..NameLetters];

    private static ReleaseFile? FileOf(StoredRelease release, ReleaseFileRole role) => release.Manifest.Files.FirstOrDefault(file => file.Role == role);
}
