using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Durability;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>
/// What keeps a repository from growing for ever. Order of a prune, each step durable before the next:
/// <code>
/// 1  .notes.mp: versions and builds of what goes are used up         (replaced by rename)
/// 2  rename releases/{digest} -> .staging/{digest}; fsync releases   per release: readers see all of it or none
/// 3  delete .staging                                                  the next publisher does it after a cut
/// </code>
/// A cut before 2 leaves releases whose version is noted as used, which it is anyway, and to which no channel is
/// pointed any more; the next prune takes them.
/// </summary>
internal sealed class RepositoryUpkeep(Repository repository, Publisher publisher, DurableFiles files, TimeProvider time)
{
    /// <summary>What <see cref="Prune"/> would do.</summary>
    public PrunePlan Plan(int keep)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        var notes = repository.ReadNotes();
        var channels = repository.ListChannels().ToLookup(pointer => pointer.Release, pointer => pointer.Channel);
        var deleted = new List<(Sha256Digest, ReleaseManifest)>();
        var kept = new List<(Sha256Digest, ReleaseManifest, string)>();
        var products = repository
            .ListReleases()
            .Select(digest => (Digest: digest, Manifest: repository.ReadManifest(digest)))
            .GroupBy(release => release.Manifest.Product)
            .OrderBy(product => product.Key, StringComparer.Ordinal);
        foreach (var product in products)
        {
            var place = 0;
            foreach (var (digest, manifest) in product.OrderByDescending(release => release.Manifest.Build))
            {
                var isNew = notes.WithdrawalOf(digest) is null && place++ < keep;
                if (channels.Contains(digest))
                    kept.Add((digest, manifest, $"channel {string.Join(", ", channels[digest].Order(StringComparer.Ordinal))}"));
                else if (notes.Pinned.Contains(digest))
                    kept.Add((digest, manifest, "pinned"));
                else if (isNew)
                    kept.Add((digest, manifest, $"one of the newest {keep}"));
                else
                    deleted.Add((digest, manifest));
            }
        }
        return new PrunePlan(deleted, kept);
    }

    public PrunePlan Prune(int keep)
    {
        using var held = publisher.Begin();
        var plan = Plan(keep);
        if (plan.Deleted.Count == 0)
            return plan;
        var notes = repository.ReadNotes();
        var gone = plan.Deleted.Select(release => new PrunedRelease(
            release.Manifest.Product,
            release.Manifest.Version,
            release.Manifest.Build,
            release.Digest
        ));
        var digests = plan.Deleted.Select(release => release.Digest).ToHashSet();
        repository.WriteNotes(
            notes with
            {
                Pruned = [.. notes.Pruned, .. gone.Except(notes.Pruned)],
                Withdrawn = [.. notes.Withdrawn.Where(entry => !digests.Contains(entry.Digest))],
            }
        );
        foreach (var (digest, _) in plan.Deleted)
            files.RenameDirectory(repository.At(RepositoryLayout.Release(digest)), repository.At($"{RepositoryLayout.Staging}/{digest}"));
        files.SyncDirectory(repository.At(RepositoryLayout.Releases));
        publisher.ClearStaging(isLastWord: true);
        return plan;
    }

    public bool Pin(Sha256Digest release, bool isPinned)
    {
        using var held = publisher.Begin();
        Require(release);
        var notes = repository.ReadNotes();
        if (notes.Pinned.Contains(release) == isPinned)
            return false;
        repository.WriteNotes(
            notes with
            {
                Pinned = isPinned ? [.. notes.Pinned.Append(release).Order()] : [.. notes.Pinned.Where(digest => digest != release)],
            }
        );
        return true;
    }

    public void Withdraw(Sha256Digest release, string reason)
    {
        if (string.IsNullOrWhiteSpace(reason) || System.Text.Encoding.UTF8.GetByteCount(reason) > RepositoryNotes.MaxReasonBytes || reason.Any(char.IsControl))
            throw new TrustException(TrustFault.Malformed, $"the reason: expected a line of 1 to {RepositoryNotes.MaxReasonBytes} bytes.");
        using var held = publisher.Begin();
        Require(release);
        var pointers = repository.ListChannels().Where(pointer => pointer.Release == release).ToList();
        if (pointers.Count > 0)
        {
            throw new IOException(
                $"release {release}: channel {pointers[0].Product}/{pointers[0].Channel} points at it; publish a newer one there first, if need be the same image as before."
            );
        }
        var notes = repository.ReadNotes();
        if (notes.WithdrawalOf(release) is not null)
            throw new IOException($"release {release}: withdrawn already.");
        var entry = new WithdrawnRelease(release, reason, time.GetUtcNow().ToUnixTimeSeconds());
        repository.WriteNotes(notes with { Withdrawn = [.. notes.Withdrawn, entry] });
    }

    private void Require(Sha256Digest release)
    {
        if (!File.Exists(repository.At(RepositoryLayout.Manifest(release))))
            throw new IOException($"{repository.Directory}: no release {release}.");
    }
}
