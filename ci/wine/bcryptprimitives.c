/* The one function of Windows' bcryptprimitives.dll that Rust's standard library asks for: random bytes. Wine 8 has
 * no such library, and a program that needs one ends before its `main`, with status 53. */
#include <windows.h>

/* Also known as RtlGenRandom. */
BOOLEAN WINAPI SystemFunction036(PVOID bytes, ULONG count);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count)
{
    const ULONG most = 1 << 20;
    while (count > 0) {
        ULONG part = count < most ? (ULONG)count : most;
        if (!SystemFunction036(bytes, part))
            return FALSE;
        bytes += part;
        count -= part;
    }
    return TRUE;
}
