using StatelessSwarm.Content;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Identities;
using StatelessSwarm.Trust.Roles;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>
/// One pass over a repository that believes nothing: the root chain from version 1, every channel pointer, every release, and
/// whatever lies there that nothing names. A fault becomes a finding and the pass goes on. One owner, one run.
/// </summary>
internal sealed class RepositoryCheck
{
    private readonly Repository _repository;
    private readonly TimeProvider _time;
    private readonly bool _readsPayload;
    private readonly ProblemList _problems = new();
    private readonly ByteCount _bytes;
    private readonly CancellationToken _cancellation;
    private readonly HashSet<string> _expected = new(StringComparer.Ordinal);
    private readonly Dictionary<Sha256Digest, ReleaseManifest> _manifests = [];

    public RepositoryCheck(
        Repository repository,
        TimeProvider time,
        bool readsPayload,
        IProgress<long>? progress,
        CancellationToken cancellation
    )
    {
        _repository = repository;
        _time = time;
        _readsPayload = readsPayload;
        _bytes = new ByteCount(progress);
        _cancellation = cancellation;
    }

    public async Task<IReadOnlyList<RepositoryProblem>> RunAsync()
    {
        var root = CheckRoots();
        foreach (var digest in ReleaseDirectories())
            await CheckReleaseAsync(root, digest);
        foreach (var path in RepositoryTree.ChannelFiles(_repository.Directory))
            CheckChannel(root, path);
        CheckStatements(root);
        CheckBuilds();
        CheckStrays();
        return _problems.Found;
    }

    /// <summary>Follows the chain from version 1 to the last version that is there; the newest is believed for the rest.</summary>
    private RootMetadata? CheckRoots()
    {
        _expected.Add(RepositoryLayout.Root);
        RootMetadata? held = null;
        SignedEnvelope? newest = null;
        for (var version = 1L; version == 1 || File.Exists(At(RepositoryLayout.RootVersion(version))); version++)
        {
            _cancellation.ThrowIfCancellationRequested();
            var path = RepositoryLayout.RootVersion(version);
            _expected.Add(path);
            var before = held;
            _problems.Try(
                path,
                () =>
                {
                    newest = _repository.ReadEnvelope(path, RootMetadata.MaxBytes);
                    var root = RootMetadata.Decode(newest.Payload);
                    if (root.Version != version)
                        throw new ContentException($"is version {root.Version}, expected {version}.");
                    if (before is null)
                        RoleVerifier.Verify(root, MetadataRole.Root, newest, "root metadata");
                    else
                        RootChain.Verify(before, newest, root);
                    RefuseIdleSignatures(newest, MetadataRole.Root, before is null ? [root] : [before, root]);
                    held = root;
                }
            );
            if (held == before)
                break;
        }
        _problems.Try(
            RepositoryLayout.Root,
            () =>
            {
                var current = _repository.ReadEnvelope(RepositoryLayout.Root, RootMetadata.MaxBytes);
                if (newest is null || !current.Encode().AsSpan().SequenceEqual(newest.Encode()))
                    throw new ContentException("is not the newest of the numbered root metadata.");
                if (held is not null && Now() >= held.ExpiresUnixSeconds)
                    throw new TrustException(TrustFault.Expired, $"expired at {held.ExpiresUnixSeconds} (seconds since 1970).");
            }
        );
        return held;
    }

    private IEnumerable<Sha256Digest> ReleaseDirectories()
    {
        var releases = At(RepositoryLayout.Releases);
        if (!Directory.Exists(releases))
            yield break;
        foreach (var path in Directory.GetDirectories(releases).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(path);
            if (Sha256Digest.TryParseHex(name, out var digest) && digest.ToString() == name)
                yield return digest;
        }
    }

    private async Task CheckReleaseAsync(RootMetadata? root, Sha256Digest digest)
    {
        var path = RepositoryLayout.Manifest(digest);
        _expected.Add(path);
        _expected.Add(RepositoryLayout.Torrent(digest));
        _expected.Add(RepositoryLayout.Checksums(digest));
        _expected.Add(RepositoryLayout.ChunkMap(digest));
        _expected.Add(RepositoryLayout.ChunkMapTorrent(digest));
        var manifest = _problems.Try(path, () => ReadManifest(root, digest));
        if (manifest is null)
            return;
        _manifests[digest] = manifest;
        foreach (var file in manifest.Files)
            _expected.Add(RepositoryLayout.File(digest, manifest, file));
        await new ReleaseCheck(_repository, digest, manifest, _readsPayload, _problems, _bytes, _cancellation).RunAsync();
    }

    private ReleaseManifest ReadManifest(RootMetadata? root, Sha256Digest digest)
    {
        var envelope = _repository.ReadEnvelope(RepositoryLayout.Manifest(digest), ReleaseManifest.MaxBytes);
        var seen = Sha256Digest.HashData(envelope.Payload.Span);
        if (seen != digest)
            throw new TrustException(TrustFault.Mismatch, $"the manifest's digest is {seen}.");
        var manifest = ReleaseManifest.Decode(envelope.Payload);
        if (root is not null && !(_repository.ReadDelegation(manifest.Product) is { } delegation && delegation.IsMet(envelope)))
            RoleVerifier.Verify(root, MetadataRole.Release, envelope, $"release {digest}");
        return manifest;
    }

    private void CheckChannel(RootMetadata? root, string path)
    {
        _cancellation.ThrowIfCancellationRequested();
        _expected.Add(path);
        _problems.Try(
            path,
            () =>
            {
                var envelope = _repository.ReadEnvelope(path, ChannelPointer.MaxBytes);
                var pointer = ChannelPointer.Decode(envelope.Payload);
                if (RepositoryLayout.Channel(pointer.Product, pointer.Channel) != path)
                    throw new TrustException(TrustFault.Mismatch, $"is signed for {pointer.Product}/{pointer.Channel}.");
                if (root is not null)
                {
                    RoleVerifier.Verify(root, MetadataRole.Channel, envelope, $"channel {pointer.Product}/{pointer.Channel}");
                    RefuseIdleSignatures(envelope, MetadataRole.Channel, [root]);
                }
                if (!_manifests.TryGetValue(pointer.Release, out var manifest))
                    throw new ContentException($"names release {pointer.Release}, which is missing or broken.");
                if (manifest.Product != pointer.Product || manifest.Version != pointer.Version || manifest.Build != pointer.Build)
                {
                    throw new TrustException(
                        TrustFault.Mismatch,
                        $"says {pointer.Version} build {pointer.Build}; the release is {manifest.Version} build {manifest.Build}."
                    );
                }
                if (Now() >= pointer.ExpiresUnixSeconds)
                    throw new TrustException(TrustFault.Expired, $"expired at {pointer.ExpiresUnixSeconds} (seconds since 1970).");
            }
        );
    }

    private void CheckStatements(RootMetadata? root)
    {
        _expected.Add(RepositoryLayout.Authority);
        Check(RepositoryLayout.Revoked, MetadataRole.Identity, RevocationList.MaxBytes, payload => RevocationList.Decode(payload));
        Check(
            RepositoryLayout.Time,
            MetadataRole.Time,
            TimeStatement.MaxBytes,
            payload =>
            {
                var statement = TimeStatement.Decode(payload);
                if (Now() >= statement.ExpiresUnixSeconds)
                    throw new TrustException(TrustFault.Expired, $"expired at {statement.ExpiresUnixSeconds} (seconds since 1970).");
            }
        );
        foreach (var product in _repository.ListDelegations())
        {
            Check(
                RepositoryLayout.Delegation(product),
                MetadataRole.Delegation,
                ReleaseDelegation.MaxBytes,
                payload =>
                {
                    var delegation = ReleaseDelegation.Decode(payload);
                    if (delegation.Product != product)
                        throw new TrustException(TrustFault.Mismatch, $"is signed for {delegation.Product}.");
                    if (delegation.Keys.Count > 0 && Now() >= delegation.ExpiresUnixSeconds)
                        throw new TrustException(TrustFault.Expired, $"expired at {delegation.ExpiresUnixSeconds} (seconds since 1970).");
                }
            );
        }
        if (root?.Roles.ContainsKey(MetadataRole.Time) == true && !File.Exists(At(RepositoryLayout.Time)))
            _problems.Add(RepositoryLayout.Time, "is missing: the root metadata has a time role, so that readers believe no channel without it.");

        void Check(string path, MetadataRole role, int maxBytes, Action<ReadOnlyMemory<byte>> look)
        {
            _expected.Add(path);
            if (!File.Exists(At(path)))
                return;
            _problems.Try(
                path,
                () =>
                {
                    var envelope = _repository.ReadEnvelope(path, maxBytes);
                    if (root is not null)
                    {
                        RoleVerifier.Verify(root, role, envelope, path);
                        RefuseIdleSignatures(envelope, role, [root]);
                    }
                    look(envelope.Payload);
                }
            );
        }
    }

    private void CheckBuilds()
    {
        var releases = _manifests.OrderBy(entry => entry.Value.Product, StringComparer.Ordinal).ThenBy(entry => entry.Value.Build);
        Sha256Digest? before = null;
        foreach (var (digest, manifest) in releases)
        {
            if (
                before is { } lower
                && _manifests[lower].Product == manifest.Product
                && (_manifests[lower].Build == manifest.Build || _manifests[lower].Version == manifest.Version)
            )
                _problems.Add(RepositoryLayout.Release(digest), $"has the build or version of release {lower}.");
            before = digest;
        }
    }

    private void CheckStrays()
    {
        foreach (var path in RepositoryTree.Entries(_repository.Directory))
        {
            if (!_expected.Contains(path))
                _problems.Add(path, "nothing names it.");
            else if (new FileInfo(At(path)).LinkTarget is not null)
                _problems.Add(path, "is a link, expected a file.");
        }
    }

    /// <summary>
    /// A signature that counts for nobody does a reader no harm, but nobody has written it on purpose: it has rotted.
    /// </summary>
    private static void RefuseIdleSignatures(SignedEnvelope envelope, MetadataRole role, RootMetadata[] roots)
    {
        var signed = SignedEnvelope.SignedBytes(role, envelope.Payload.Span);
        var seen = new HashSet<Sha256Digest>();
        foreach (var signature in envelope.Signatures)
        {
            var key = roots
                .Where(root => root.HoldersOf(role)?.KeyIds.Contains(signature.KeyId) == true)
                .Select(root => root.FindKey(signature.KeyId))
                .FirstOrDefault();
            if (key is null || !seen.Add(key.Id) || !key.Verify(signed, signature.Signature.Span))
                throw new TrustException(TrustFault.Malformed, $"the signature of key {signature.KeyId} counts for nothing.");
        }
    }

    private string At(string relative) => _repository.At(relative);

    private long Now() => _time.GetUtcNow().ToUnixTimeSeconds();
}
