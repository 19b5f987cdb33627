using StatelessSwarm.Roots.Booting;
using StatelessSwarm.Roots.Releases;

namespace StatelessSwarm.Node.Booting;

/// <summary>The machine that boots, as the flow of a boot sees it.</summary>
public interface IBootMachine
{
    /// <summary>Tells the console a line.</summary>
    void Say(string line);

    /// <summary>Finds the place for releases; memory when there is no other and the mode allows it.</summary>
    /// <param name="mode">Where they should be.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="IOException">There is none.</exception>
    Task<BootCache> OpenCacheAsync(BootMode mode, CancellationToken cancellation);

    /// <summary>Finds the medium that the parameters name, and serves the repository on it to this machine: its address. Null when none is named.</summary>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="IOException">It is not there, or holds no repository.</exception>
    Task<Uri?> OpenMediumAsync(CancellationToken cancellation);

    /// <summary>Brings the network up; returns at once when it is.</summary>
    /// <param name="link">Longest wait for a carrier; null waits for ever.</param>
    /// <param name="address">Longest wait for an address; null waits for ever.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<BootNetwork> ConnectAsync(TimeSpan? link, TimeSpan? address, CancellationToken cancellation);

    /// <summary>Starts the kernel that a release brings, when another one runs: then it does not return.</summary>
    /// <param name="release">The release.</param>
    /// <param name="word">One more word for the new kernel's command line.</param>
    /// <returns>Why it was not started, or empty when there is no need.</returns>
    string StartKernel(StoredRelease release, string word);

    /// <summary>Mounts a release as the root.</summary>
    /// <exception cref="Content.ContentException">The release is damaged.</exception>
    /// <exception cref="IOException">It cannot be mounted; nothing is.</exception>
    BootMount Mount(StoredRelease release, BootMountOptions options);
}
