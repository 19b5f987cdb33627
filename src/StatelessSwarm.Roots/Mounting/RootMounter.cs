using StatelessSwarm.Content.Values;
using StatelessSwarm.Roots.Releases;

namespace StatelessSwarm.Roots.Mounting;

/// <summary>
/// Mounts releases (loop device, read-only) with a size-limited tmpfs overlay, and moves the <c>current</c> link by rename. A
/// root that is in use is never touched; old roots are unmounted lazily once they are neither current nor previous.
/// </summary>
public sealed partial class RootMounter
{
    /// <summary>A mounter; nothing is mounted yet.</summary>
    public static RootMounter Open(MountOptions options) => throw new NotImplementedException();

    /// <summary>True when this process may mount (root with CAP_SYS_ADMIN, loop devices there).</summary>
    public static bool IsAllowed(out string reason) => throw new NotImplementedException();

    /// <summary>Mounts a release; returns what is there when it is mounted already.</summary>
    /// <exception cref="IOException">A mount failed: names the step, the path and the errno; nothing is left half-mounted.</exception>
    public MountedRoot Mount(StoredRelease release) => throw new NotImplementedException();

    /// <summary>Points <c>current</c> at a mounted root by one rename.</summary>
    public void MakeCurrent(MountedRoot root) => throw new NotImplementedException();

    /// <summary>The root <c>current</c> points at, or null.</summary>
    public MountedRoot? Current => throw new NotImplementedException();

    /// <summary>Unmounts every root not in <paramref name="keep"/>.</summary>
    public void Unmount(IReadOnlySet<Sha256Digest> keep) => throw new NotImplementedException();
}
